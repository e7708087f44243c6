"""What stands in a secret's place: its kind and a number, ``[redacted:aws-access-key#1]``."""

import re
import secrets
from collections import Counter, OrderedDict
from collections.abc import Mapping
from hashlib import blake2b

PLACEHOLDER = re.compile(r"\[redacted:[a-z-]{1,24}#\d{1,9}\]")
OPENING = "[redacted:"
LONGEST = len(OPENING) + 24 + 1 + 9 + 1
_REMEMBERED = 50_000


class Placeholders:
    """Gives the same secret the same placeholder, so that a reader can tell one from another.

    The number is a counter: nothing of the secret can be computed from it. What was seen is remembered as a hash
    under a key that dies with this object, and only the last 50,000 secrets are; one of before gets a new number.
    """

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)
        self._known: OrderedDict[bytes, str] = OrderedDict()
        self._counts: Counter[str] = Counter()

    @property
    def counts(self) -> Mapping[str, int]:
        """How many different secrets of each kind were found."""
        return dict(self._counts)

    def of(self, kind: str, secret: str) -> str:
        """The placeholder of ``secret``; its kind is the one that it was first found as."""
        digest = blake2b(secret.encode(errors="replace"), digest_size=16, key=self._key).digest()
        if digest not in self._known:
            self._counts[kind] += 1
            self._known[digest] = f"[redacted:{kind}#{self._counts[kind]}]"
            if len(self._known) > _REMEMBERED:
                self._known.popitem(last=False)
        self._known.move_to_end(digest)
        return self._known[digest]
