"""Identities are seeded, unique and harmless."""

from __future__ import annotations

import subprocess
import sys

from shop.contract import APPROVED_CARD, DECLINED_CARD
from users.population.identity import DOMAIN, identity_for
from users.population.journey_spec import JourneySpec


def spec(number=0, seed=0, **more):
    return JourneySpec(number, "guest", "credit_card", seed=seed, **more)


def test_the_same_spec_gives_the_same_identity():
    assert identity_for(spec(seed=5), 1) == identity_for(spec(seed=5), 1)
    assert identity_for(spec(seed=5), 1) != identity_for(spec(seed=6), 1)


def test_another_process_draws_the_same_shopper():
    code = (
        "from users.population.identity import identity_for; from users.population.journey_spec import JourneySpec;"
        "print(identity_for(JourneySpec(3, 'guest', 'gpay', seed=5), 9).email)"
    )
    output = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert output.stdout.strip() == identity_for(JourneySpec(3, "guest", "gpay", seed=5), 9).email


def test_addresses_and_telephones_belong_to_one_journey_of_one_run():
    shoppers = [identity_for(spec(number, seed=1), run_seed) for run_seed in (0, 1, -1) for number in range(300)]
    assert len({shopper.email for shopper in shoppers}) == 900
    assert len({shopper.phone for shopper in shoppers}) == 900


def test_every_address_is_reserved_and_every_telephone_has_eleven_digits():
    for seed in range(200):
        shopper = identity_for(spec(seed, seed), seed)
        assert shopper.email.endswith(f"@{DOMAIN}")
        assert shopper.email.isascii()
        assert " " not in shopper.email
        assert len(shopper.phone) == 11
        assert shopper.phone.isdigit()
        assert len(shopper.card.cvv) == 3


def test_only_the_published_cards_are_used():
    assert identity_for(spec()).card.number == APPROVED_CARD
    assert identity_for(spec(declined=True)).card.number == DECLINED_CARD


def test_secrets_are_not_in_the_repr():
    shopper = identity_for(spec())
    assert shopper.password not in repr(shopper)
    assert shopper.card.number not in repr(shopper)
    assert f"'{shopper.card.cvv}'" not in repr(shopper)


def test_the_address_has_the_shoppers_name_and_phone():
    shopper = identity_for(spec())
    assert shopper.address["first_name"] == shopper.first_name
    assert shopper.address["phone_number"] == shopper.phone
    assert all(shopper.address.values())
