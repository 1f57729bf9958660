"""A shopper's identity: name, address, phone number and a published test card; the same spec gives the same identity."""

from __future__ import annotations

import random
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from hashlib import blake2b
from typing import Final, NamedTuple

from faker import Faker

from shop.contract import APPROVED_CARD, DECLINED_CARD
from users.population.journey_spec import JourneySpec

DOMAIN: Final = "shoppers.example"
"""Reserved for examples (RFC 2606): mail to it reaches no one."""

_POOL_SEED = 20_240_229
_POOL_SIZE: Final = 250
_PHONES: Final = 10**9
_DRAWN: Final = struct.Struct("<10IQ")  # the numbers for everything that is drawn for a shopper
_SPREAD: Final = 2_654_435_761  # Knuth's multiplier: runs with neighbouring seeds get phone numbers far apart


# Not frozen: both are made for every journey, and frozen ones take twice as long.
@dataclass(slots=True)
class Card:
    """A payment card; its number is one of the two that are published for tests."""

    holder: str
    number: str = field(repr=False)
    month: str
    year: str
    cvv: str = field(repr=False)


@dataclass(slots=True)
class Identity:
    """Who is shopping. ``phone`` has eleven digits; no other journey of the run has the same."""

    first_name: str
    last_name: str
    email: str
    password: str = field(repr=False)
    phone: str
    line: str
    postcode: str
    card: Card

    @property
    def address(self) -> Mapping[str, str]:
        """The address as the shop's form asks for it, without the location fields."""
        return {
            "title": "Home",
            "first_name": self.first_name,
            "last_name": self.last_name,
            "phone_number": self.phone,
            "email": self.email,
            "line": self.line,
            "postcode": self.postcode,
        }


class NamePools(NamedTuple):
    """The parts of shoppers' names and addresses."""

    first: tuple[str, ...]
    last: tuple[str, ...]
    streets: tuple[str, ...]
    postcodes: tuple[str, ...]


@cache
def name_pools() -> NamePools:
    """The same names in every process; drawn once, because faker is too slow to run for each journey."""
    faker = Faker("en_US")
    faker.seed_instance(_POOL_SEED)

    def pool(draw: str) -> tuple[str, ...]:
        return tuple(str(faker.format(draw)) for _ in range(_POOL_SIZE))

    return NamePools(pool("first_name"), pool("last_name"), pool("street_name"), pool("postcode"))


def phone_number_of(prefix: str, run_seed: int, number: int) -> str:
    """A phone number of eleven digits, unique to this number within a run; ``prefix`` has two digits."""
    return f"{prefix}{(run_seed * _SPREAD + number) % _PHONES:09d}"


def random_password(rng: random.Random) -> str:
    """A password with an upper-case letter, a lower-case letter and a digit, as shops require."""
    return _password(rng.getrandbits(64))


def _password(secret: int) -> str:
    return f"Aa1{secret:016x}"


def identity_for(spec: JourneySpec, run_seed: int = 0) -> Identity:
    """The identity of this journey's shopper in the run of this seed; the bank declines the card if the spec says so."""
    # One digest gives all numbers: seeding a random generator takes longer than drawing from it.
    drawn = _DRAWN.unpack(blake2b(str(spec.seed).encode(), digest_size=_DRAWN.size).digest())
    one, two, _, _, street, post, house, month, year, cvv, secret = drawn
    pools = name_pools()
    first, last = pools.first[one % _POOL_SIZE], pools.last[two % _POOL_SIZE]
    return Identity(
        first,
        last,
        f"{first}.{last}.{run_seed & 0xFFFFFFFF:x}.{spec.number}@{DOMAIN}".lower(),
        _password(secret),
        phone_number_of("05", run_seed, spec.number),
        f"{house % 399 + 1} {pools.streets[street % _POOL_SIZE]}",
        pools.postcodes[post % _POOL_SIZE],
        Card(
            f"{first} {last}",
            DECLINED_CARD if spec.declined else APPROVED_CARD,
            f"{month % 12 + 1:02d}",
            str(year % 10 + 2035),
            f"{cvv % 1000:03d}",
        ),
    )
