"""The last net: strings that look random, apart from what looks random in logs for good reason."""

import math
import re
from collections import Counter

from selfheal.diagnose.linear import compiled

CANDIDATE = compiled(r"[A-Za-z0-9+/=_-]{20,}")

_UUID = compiled(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_HEX = compiled(r"(?:0x)?(?:[0-9a-f]{20,}|[0-9A-F]{20,})")
_WORDS = re.compile(r"[A-Z]?[a-z]{3,64}|[A-Z]{4,64}|\d{6,64}")
_DIGEST_LENGTHS = frozenset({32, 40, 64, 96, 128})
_LABEL = re.compile(
    r"(?i:sha\d{0,3}|diff|md5|h1|digest|checksum|integrity|commit|head|revision|rev|tree|branch|ref|merge|index|object"
    r"|blob|version|layer|image|etag|cache|fingerprint|hash|checkout|sum|tag|id)[\w\"']{0,24}[\s:=@/<(\[.,'-]{0,4}"
    r"(?:is now at |at |is |: )?[\"']?$"
)
_ARN_OR_PATH = re.compile(r"(?:arn:aws|/|\\|\.{1,2}/|~)[^\s]{0,256}$")
_LABEL_REACH = 64
_SEPARATORS = re.compile(r"[-_=/+]")
_LONGEST_ID = 12


def looks_secret(line: str, start: int, end: int) -> bool:
    """Whether the candidate ``line[start:end]`` is random and nothing around it tells of a digest."""
    text = line[start:end]
    before = line[max(0, start - _LABEL_REACH) : start]
    if _UUID.search(text) or text[:7] in ("sha256-", "sha384-", "sha512-"):
        return False
    if _HEX.fullmatch(text):
        return not (_LABEL.search(before) or _ARN_OR_PATH.search(before))
    if _ARN_OR_PATH.search(before) or text.startswith("/"):
        return any(_random(part) for part in text.split("/") if not _HEX.fullmatch(part))
    return _random(text)


def _random(text: str) -> bool:
    text = _without_digests(text)
    if len(text) < 20 or max(map(len, _SEPARATORS.split(text))) < _LONGEST_ID:
        return False
    classes = sum(any(test(char) for char in text) for test in (str.isupper, str.islower, str.isdigit))
    wordlike = sum(len(word) for word in _WORDS.findall(text)) / len(text)
    if classes == 3:
        return wordlike < 0.5 and _bits(text) >= 3.5
    return classes == 2 and any(char.isdigit() for char in text) and wordlike < 0.35 and _bits(text) >= 3.6


def _without_digests(text: str) -> str:
    """``linux-x64-<sha256>`` without its digest, as cache keys have it; a digest alone stays."""
    parts = _SEPARATORS.split(text)
    if len(parts) == 1:
        return text
    return "-".join(part for part in parts if not (len(part) in _DIGEST_LENGTHS and _HEX.fullmatch(part)))


def _bits(text: str) -> float:
    return -sum(n / len(text) * math.log2(n / len(text)) for n in Counter(text).values())
