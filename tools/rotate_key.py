"""Rotates the token keys: reads the secret on standard input, writes the next one on standard output (docs/operate.md).

Two runs make a rotation, at least ten minutes apart. The first adds a key that only verifies, the second lets it sign:
functions see a new secret within five minutes, and none of them may meet a token whose key it does not know.
"""

import json
import secrets
import sys
import time
from typing import Any

VERIFIES_FOR = 400 * 86_400  # seconds: as long as a reader's token lives


def next_secret(secret: dict[str, Any], now: float, fresh: str) -> tuple[dict[str, Any], str]:
    """The secret after one more step, and what the step did. `fresh` becomes the new key where one is added."""
    tokens = secret.get("tokens") or [{"kid": "0", "secret": secret["permanent"], "expires": None}]
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


def main() -> None:
    secret, done = next_secret(json.load(sys.stdin), time.time(), secrets.token_urlsafe(48))
    sys.stderr.write(f"{done}\n")
    json.dump(secret, sys.stdout)


if __name__ == "__main__":
    main()
