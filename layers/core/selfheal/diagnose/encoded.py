"""Base64 whose plain text holds a secret: ``echo ... | base64 -d`` is not a way around redaction."""

import base64
import binascii

from selfheal.diagnose.secrets import harmless, patterns

_SHORTEST = 16


def hides_secret(text: str) -> bool:
    """Whether ``text`` is base64 (of either alphabet) of printable text in which a secret stands."""
    plain = _decoded(text)
    if not plain:
        return False
    found = (match for _, regex in patterns() if (match := regex.search(plain)))
    return any(not harmless(match["secret"]) for match in found)


def _decoded(text: str) -> str:
    """The plain text, empty where there is none that a person could read."""
    text = text.rstrip("=").replace("-", "+").replace("_", "/")
    if len(text) < _SHORTEST:
        return ""
    try:
        plain = base64.b64decode(text[: len(text) - (len(text) % 4 == 1)] + "=" * (-len(text) % 4)).decode(
            "ascii"
        )
    except (binascii.Error, ValueError):
        return ""
    return plain if plain.replace("\n", " ").replace("\t", " ").isprintable() else ""
