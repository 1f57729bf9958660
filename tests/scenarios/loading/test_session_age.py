"""The embedded shop keeps a session for as long as its shoppers may pause, and no longer than it needs to."""

import pytest

OWN = 'objectives = ["journey failures < 1%"]\n[arrivals]\nrate = "10/s"\nduration = "1m"\n'


@pytest.mark.parametrize(
    ("more", "age"),
    [
        ("", 300.0),
        ('[think]\nmedian = "60s"\nsigma = 0.5\n', 2 * 60.0 * 3.2),
        ('[think]\nmedian = "1s"\n[think.pages]\nBinNumberPage = "200s"\n[think.sigmas]\nBinNumberPage = 0\n', 400.0),
        ('[think]\nmedian = "60s"\nscale = 0.0\n', 300.0),
        ('[shop.sms]\ncode_lifetime = "10m"\n', 1_200.0),
        ('[accounts]\nsign_in = "user"\n', 1_800.0),
        ('[shop.sessions]\nage = "20s"\n', 20.0),
        ('[accounts]\nsign_in = "user"\n[shop.sessions]\nage = "1m"\n', 60.0),
    ],
)
def test_age_of_sessions(written, more, age):
    assert written(OWN + more).shop_settings.sessions.age == pytest.approx(age, rel=0.01)
