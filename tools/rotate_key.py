"""Rotates the token keys: reads the secret on standard input, writes the next one on standard output (docs/operate.md).

Two runs make a rotation, at least ten minutes apart. The first adds a key that only verifies, the second lets it sign:
functions see a new secret within five minutes, and none of them may meet a token whose key it does not know. A key that
has leaked is expired after that: `--expire KID`.
"""

import argparse
import json
import secrets
import sys
import time
from typing import Any

VERIFIES_FOR = 400 * 86_400  # seconds: as long as a reader's token lives


def next_secret(secret: dict[str, Any], now: float, fresh: str) -> tuple[dict[str, Any], str]:
    """The secret after one more step, and what the step did. `fresh` becomes the new key where one is added.

    Raises ValueError where the key that signs has expired: what it signs, nobody verifies.
    """
    tokens = _tokens(secret)
    first = tokens[0]
    if first["expires"] is not None and first["expires"] <= now:
        raise ValueError(f"Key {first['kid']} signs and has expired: set its `expires` to null, then rotate.")
    signing, *others = [token for token in tokens if token["expires"] is None or token["expires"] > now]
    waiting = [token for token in others if token["expires"] is None]
    if waiting:
        retired = {**signing, "expires": int(now + VERIFIES_FOR)}
        kept = [token for token in others if token not in waiting]
        return {**secret, "tokens": [*waiting, retired, *kept]}, f"Key {waiting[0]['kid']} signs from now on."
    kid = str(1 + max(int(token["kid"]) for token in tokens))
    added = {"kid": kid, "secret": fresh, "expires": None}
    return (
        {**secret, "tokens": [signing, *others, added]},
        f"Key {kid} verifies from now on. In ten minutes, run the same again to let it sign.",
    )


def without_key(secret: dict[str, Any], now: float, kid: str) -> tuple[dict[str, Any], str]:
    """The secret in which `kid` verifies no more, and what was done. Raises ValueError where it signs, or is none."""
    tokens = _tokens(secret)
    if kid not in [token["kid"] for token in tokens]:
        raise ValueError(f"There is no key {kid}: the secret has {', '.join(token['kid'] for token in tokens)}.")
    if kid == tokens[0]["kid"]:
        raise ValueError(f"Key {kid} signs: rotate it first, with two runs.")
    expired = [{**token, "expires": int(now)} if token["kid"] == kid else token for token in tokens]
    return {**secret, "tokens": expired}, f"Key {kid} verifies no more."


def _tokens(secret: dict[str, Any]) -> list[dict[str, Any]]:
    """As core/keys.py reads them: a fresh deployment has none, and its key 0 is the permanent secret."""
    return secret.get("tokens") or [{"kid": "0", "secret": secret["permanent"], "expires": None}]


def main() -> None:
    parser = argparse.ArgumentParser(
        description="Reads the secret, writes the next one: two runs rotate the token key."
    )
    parser.add_argument("--expire", metavar="KID", help="instead, end this key now: it has leaked and signs no more")
    given = parser.parse_args()
    secret, now = json.load(sys.stdin), time.time()
    try:
        if given.expire is None:
            following, done = next_secret(secret, now, secrets.token_urlsafe(48))
        else:
            following, done = without_key(secret, now, given.expire)
    except ValueError as error:
        sys.exit(str(error))
    sys.stderr.write(f"{done}\n")
    json.dump(following, sys.stdout)


if __name__ == "__main__":
    main()
