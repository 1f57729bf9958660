from __future__ import annotations

import random

import pytest

from shop.settings import SmsSettings
from shop.sms import SmsService


@pytest.fixture
def asked(browse):
    """A shopper on the page that asks for a code."""

    def start(**sms):
        client = browse(sms=sms).to_payment()
        client.choose("pay_on_delivery")
        reply = client.post("PayOnDeliveryPaymentChoicePage", payment_choice="cash")
        assert client.shown(reply) == "VerifySmsPage"
        assert reply["pre_order"]["payment_choice"]["value"] == "cash"
        return client

    return start


def wrong(code):
    return f"{(int(code) + 1) % 1_000_000:06d}"


def test_the_right_code_completes_the_order(asked, shown, context):
    client = asked()
    message = client.inbox()[-1]
    assert set(message) == {"code", "sent_datetime", "expires_in"}
    reply = client.post("VerifySmsPage", verify_code=message["code"])
    assert shown(reply) == "ThankYouPage"
    assert context(reply)["retry"] is True
    assert client.ledger["orders"] == {"pay_on_delivery": 1}


def test_a_wrong_code_may_be_corrected(asked, shown, context):
    client = asked()
    code = client.inbox()[-1]["code"]
    reply = client.post("VerifySmsPage", verify_code=wrong(code))
    assert list(reply["errors"]) == ["verify_code"]
    assert shown(reply) == "VerifySmsPage"
    assert context(reply)["reason"] == "wrong"
    assert shown(client.post("VerifySmsPage", verify_code=code)) == "ThankYouPage"


def test_a_late_code_has_expired_and_another_one_helps(asked, clock, shown, context):
    client = asked(code_lifetime=60)
    code = client.inbox()[-1]["code"]
    clock.advance(59.5)
    assert context(client.get())["seconds_left"] == 1
    clock.advance(0.5)
    reply = client.post("VerifySmsPage", verify_code=code)
    assert list(reply["errors"]) == ["verify_code"]
    assert (context(reply)["reason"], context(reply)["seconds_left"]) == ("expired", 0)
    reply = client.post("SendSmsPage")
    assert (shown(reply), reply["errors"], context(reply)["seconds_left"]) == ("VerifySmsPage", None, 60)
    assert "reason" not in context(reply)
    assert shown(client.post("VerifySmsPage", verify_code=client.inbox()[-1]["code"])) == "ThankYouPage"


def test_another_code_invalidates_the_old_one(asked, context):
    client = asked()
    old = client.inbox()[-1]["code"]
    client.post("SendSmsPage")
    first, second = (message["code"] for message in client.inbox())
    assert first == old != second
    assert context(client.post("VerifySmsPage", verify_code=old))["reason"] == "wrong"


def test_too_many_wrong_codes_lock_until_the_option_is_chosen_again(asked, shown, context):
    client = asked(max_tries=3)
    code = client.inbox()[-1]["code"]
    reasons = [context(client.post("VerifySmsPage", verify_code=wrong(code)))["reason"] for _ in range(3)]
    assert reasons == ["wrong", "wrong", "locked"]
    for page, form in (
        ("VerifySmsPage", {"verify_code": code}),
        ("SendSmsPage", {}),
        ("PayOnDeliveryPaymentChoicePage", {"payment_choice": "cash"}),
    ):
        reply = client.post(page, **form)
        assert reply["errors"]
        assert shown(reply) == "VerifySmsPage"
        assert (context(reply)["reason"], context(reply)["retry"]) == ("locked", False)
    assert client.shop.sms.sent == 1
    assert client.ledger["orders"] == {}
    assert shown(client.choose("pay_on_delivery")) == "PayOnDeliveryPaymentChoicePage"
    client.post("PayOnDeliveryPaymentChoicePage", payment_choice="cash")
    assert shown(client.post("VerifySmsPage", verify_code=client.inbox()[-1]["code"])) == "ThankYouPage"


def test_asking_for_another_code_does_not_give_more_tries(asked, context):
    client = asked(max_tries=2)
    client.post("VerifySmsPage", verify_code=wrong(client.inbox()[-1]["code"]))
    client.post("SendSmsPage")
    reply = client.post("VerifySmsPage", verify_code=wrong(client.inbox()[-1]["code"]))
    assert context(reply)["reason"] == "locked"


def test_another_code_can_be_asked_for_only_after_a_while(asked, clock, context):
    client = asked(resend_after=30)
    clock.advance(29)
    reply = client.post("SendSmsPage")
    assert (list(reply["errors"]), context(reply)["reason"]) == (["non_field_errors"], "too_soon")
    clock.advance(1)
    assert client.post("SendSmsPage")["errors"] is None


def test_an_sms_arrives_after_its_delay(asked, clock):
    client = asked(delivery_delay=5)
    assert client.inbox() == []
    clock.advance(5)
    assert len(client.inbox()) == 1


def test_a_repeated_post_sends_no_second_sms(asked, shown):
    client = asked()
    assert shown(client.post("PayOnDeliveryPaymentChoicePage", payment_choice="cash")) == "VerifySmsPage"
    assert client.shop.sms.sent == 1


def test_the_code_of_another_shopper_does_not_help(asked, browse, context):
    client = asked()
    other = browse(client.shop).to_payment(phone="05000000002")
    other.choose("pay_on_delivery")
    other.post("PayOnDeliveryPaymentChoicePage", payment_choice="cash")
    reply = other.post("VerifySmsPage", verify_code=client.inbox()[-1]["code"])
    assert context(reply)["reason"] == "wrong"


def test_a_fixed_code_is_always_the_same(asked):
    client = asked(fixed_code="123456")
    client.post("SendSmsPage")
    assert [message["code"] for message in client.inbox()] == ["123456", "123456"]


def test_other_options_need_no_code(browse, shown):
    client = browse().to_payment()
    client.choose("cash_register")
    assert shown(client.post("CashRegisterPage", agreement="1")) == "ThankYouPage"


def test_whether_a_code_is_needed_depends_only_on_phone_and_seed():
    settings = SmsSettings(share=0.3)
    phones = [f"{number:011d}" for number in range(4000)]
    office = SmsService(lambda: settings, 1, random.Random(1))
    asked = [phone for phone in phones if office.requires_code("pay_on_delivery", phone)]
    # Four standard deviations of a binomial count around its mean.
    assert abs(len(asked) - 1200) < 4 * (4000 * 0.3 * 0.7) ** 0.5
    other = SmsService(lambda: settings, 1, random.Random(99))
    assert [phone for phone in reversed(phones) if other.requires_code("pay_on_delivery", phone)] == asked[::-1]
    another_seed = SmsService(lambda: settings, 2, random.Random(1))
    assert [phone for phone in phones if another_seed.requires_code("pay_on_delivery", phone)] != asked


def test_the_inbox_keeps_the_last_ten_messages_of_a_phone():
    office = SmsService(SmsSettings, 0, random.Random(0))
    codes = [office.send("1", float(second)).code for second in range(12)]
    assert [message["code"] for message in office.inbox("1", 20.0)] == codes[2:]


def test_the_inbox_forgets_phones_whose_codes_expired_long_ago():
    service = SmsService(lambda: SmsSettings(code_lifetime=60.0), 1, random.Random(1))
    for number in range(3_600):  # ten hours, one code every ten seconds
        service.send(f"0500000{number:04d}", number * 10.0)
    now = 35_990.0
    kept = [number for number in range(3_600) if service.inbox(f"0500000{number:04d}", now)]
    assert kept == list(range(3_563, 3_600))  # 60 s until a code expires, and 300 s more
    assert service.sent == 3_600
