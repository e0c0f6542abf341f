"""Whose signature is Stripe's: what Stripe's own library accepts, and nothing that it refuses."""

from types import SimpleNamespace
from unittest import mock

import pytest
import stripe
from hypothesis import given
from hypothesis import strategies as st

from readmeter.web.stripe import TOLERANCE, is_signed
from tests.support.stripe_events import SECRET, Stripe, body_of, signature

NOW = 1_795_348_800
BODY = body_of(Stripe().told("created", NOW, "active", NOW + 60))
HEADER = signature(BODY, NOW)
V1 = HEADER.split(",")[1]
OTHER = "whsec_" + "f" * 32


def stripe_accepts(content: bytes, header: str, now: float = NOW) -> bool:
    try:
        with mock.patch("stripe._webhook.time", SimpleNamespace(time=lambda: now)):
            stripe.Webhook.construct_event(content, header, SECRET)
    except (stripe.SignatureVerificationError, ValueError, TypeError):
        return False
    return True


ACCEPTED = {
    "as it is sent": HEADER,
    "with what older versions signed": f"{HEADER},v0=6ffbb59b2300aae63f272406069a9788598b792a944a07aba816edb039989a39",
    "while a secret is rolled": f"{signature(BODY, NOW, OTHER)},{V1}",
    "the right one first": f"{HEADER},{signature(BODY, NOW, OTHER).split(',')[1]}",
    "in another order": f"{V1},t={NOW}",
    "from a clock ahead of ours": signature(BODY, NOW + 3600),
    "as old as may be": signature(BODY, NOW - TOLERANCE),
    "with more behind it": f"{HEADER},x,y=1=2=3",
    "with a part too many": f"{HEADER}=x",
}
REFUSED = {
    "none": "",
    "by another secret": signature(BODY, NOW, OTHER),
    "of another body": signature(BODY + b" ", NOW),
    "too old": signature(BODY, NOW - TOLERANCE - 1),
    "replayed under a new time": f"t={NOW},{signature(BODY, NOW - 3600).split(',')[1]}",
    "of another scheme": HEADER.replace("v1=", "v0="),
    "without a time": V1,
    "without a signature": f"t={NOW}",
    "with an empty one": f"t={NOW},v1=",
    "with no value": f"t={NOW},v1",
    "with a time that is none": f"t=now,{V1}",
    "with the time of another": f"t={NOW - 1},{HEADER}",
    "cut short": HEADER[:-1],
    "in capitals": f"t={NOW},v1={V1[3:].upper()}",
    "with spaces": HEADER.replace(",", ", "),
    "not in ASCII": f"t={NOW},v1=é",
    "half a character": f"t={NOW},v1=\ud800",
    "nonsense": "=,=,",
    "a time of many digits": f"t={'9' * 5000},{V1}",
}


@pytest.mark.parametrize("header", ACCEPTED.values(), ids=ACCEPTED)
def test_accepted(header: str) -> None:
    assert is_signed(BODY, header, SECRET, NOW)
    assert stripe_accepts(BODY, header)


@pytest.mark.parametrize("header", REFUSED.values(), ids=REFUSED)
def test_refused(header: str) -> None:
    assert not is_signed(BODY, header, SECRET, NOW)
    assert not stripe_accepts(BODY, header)


def test_any_change_of_the_body_is_refused() -> None:
    for place in range(0, len(BODY), 7):
        changed = bytearray(BODY)
        changed[place] ^= 1
        assert not is_signed(bytes(changed), HEADER, SECRET, NOW)


PARTS = st.sampled_from([f"t={NOW}", V1, f"v1={'0' * 64}", "v0=1", f"t={NOW - 400}", "v1", "t", "", "t= 12", "v1=="])


@given(st.lists(PARTS, max_size=5), st.integers(-400, 400))
def test_it_says_what_stripes_library_says(parts: list[str], later: int) -> None:
    header = ",".join(parts)
    assert is_signed(BODY, header, SECRET, NOW + later) is stripe_accepts(BODY, header, NOW + later)
