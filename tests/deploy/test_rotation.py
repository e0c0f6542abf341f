"""A rotation of the token keys loses no reader, not even while some functions still hold the secret before."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from itertools import pairwise
from typing import Any

import pytest

from readmeter.core.keys import Keyring
from readmeter.core.tokens import READER_LIFETIME, Reader, reader_of_token, reader_token
from tests.deploy.conftest import ROOT
from tools.rotate_key import VERIFIES_FOR, next_secret, without_key

NOW = 1_800_000_000.0
READER = Reader(bytes(range(16)))
AS_DEPLOYED: dict[str, Any] = {"permanent": "drawn by CloudFormation"}


def keyring(secret: dict[str, Any]) -> Keyring:
    return Keyring.parse(json.dumps(secret))


def steps(count: int) -> list[dict[str, Any]]:
    """The secret as deployed, and after each of `count` runs ten minutes apart."""
    secrets = [AS_DEPLOYED]
    for number in range(count):
        secrets.append(next_secret(secrets[-1], NOW + 600 * number, f"fresh {number}")[0])
    return secrets


def knows(secret: dict[str, Any], token: str, now: float = NOW + 3600) -> bool:
    return reader_of_token(keyring(secret), "riotimes", token, now) == READER


def test_a_token_signed_before_a_step_is_known_after_it_and_one_signed_after_it_was_known_before() -> None:
    secrets = steps(6)
    for before, after in pairwise(secrets):
        assert knows(after, reader_token(keyring(before), "riotimes", READER, NOW))
        assert knows(before, reader_token(keyring(after), "riotimes", READER, NOW))


def test_two_runs_change_the_key_that_signs_and_one_does_not() -> None:
    signs = [keyring(secret).tokens[0].kid for secret in steps(4)]
    assert signs == ["0", "0", "1", "1", "2"]


def test_each_run_says_what_it_did_and_what_comes_next() -> None:
    added, first = next_secret(AS_DEPLOYED, NOW, "fresh")
    _, second = next_secret(added, NOW, "fresh")
    assert first == "Key 1 verifies from now on. In ten minutes, run the same again to let it sign."
    assert second == "Key 1 signs from now on."


def test_a_retired_key_verifies_for_as_long_as_a_token_lives_and_then_leaves_the_secret() -> None:
    assert VERIFIES_FOR == READER_LIFETIME
    rotated = steps(2)[-1]
    later, _ = next_secret(rotated, NOW + VERIFIES_FOR + 7200, "fresh again")
    assert [token["kid"] for token in rotated["tokens"]] == ["1", "0"]
    assert [token["kid"] for token in later["tokens"]] == ["1", "2"]


def test_a_leaked_key_ends_once_another_signs_and_readers_of_that_one_stay() -> None:
    before, _, rotated = steps(2)
    ended, done = without_key(rotated, NOW + 1200, "0")
    assert done == "Key 0 verifies no more."
    assert not knows(ended, reader_token(keyring(before), "riotimes", READER, NOW))
    assert knows(ended, reader_token(keyring(ended), "riotimes", READER, NOW))
    assert [token["kid"] for token in next_secret(ended, NOW + 1800, "fresh again")[0]["tokens"]] == ["1", "2"]


@pytest.mark.parametrize("secret", steps(1))
def test_a_key_that_signs_is_not_ended(secret: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"^Key 0 signs: rotate it first, with two runs\.$"):
        without_key(secret, NOW + 1200, "0")


def test_a_key_that_is_not_there_is_not_ended() -> None:
    with pytest.raises(ValueError, match=r"^There is no key 7: the secret has 1, 0\.$"):
        without_key(steps(2)[-1], NOW + 1200, "7")


def test_an_expired_key_that_signs_is_not_rotated_to_a_retired_one() -> None:
    signing, retired = steps(2)[-1]["tokens"]
    broken = {**AS_DEPLOYED, "tokens": [{**signing, "expires": 0}, retired]}
    said = "Key 1 signs and has expired: set its `expires` to null, then rotate."
    with pytest.raises(ValueError, match=f"^{re.escape(said)}$"):
        next_secret(broken, NOW + 1200, "fresh")
    done = subprocess.run(
        [sys.executable, "tools/rotate_key.py"],
        cwd=ROOT,
        input=json.dumps(broken),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (1, "", f"{said}\n")


def test_the_permanent_secret_never_changes() -> None:
    assert {secret["permanent"] for secret in steps(6)} == {"drawn by CloudFormation"}


def test_a_publishers_own_path_proves_itself_with_what_the_tool_prints_before_and_after_a_rotation() -> None:
    before, *_, after = steps(2)
    printed = [printed_for("riotimes", secret) for secret in (before, after)]
    assert printed[0] != printed[1]
    assert all(keyring(after).is_origin_secret("riotimes", text, NOW + 3600) for text in printed)
    assert not keyring(after).is_origin_secret("riotimes", printed[0], NOW + VERIFIES_FOR + 7200)


def printed_for(site: str, secret: dict[str, Any]) -> str:
    done = subprocess.run(
        [sys.executable, "tools/origin_secret.py", site],
        cwd=ROOT,
        env={"PYTHONPATH": "shared"},
        input=json.dumps(secret),
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()
