"""Fingerprints: equal for equal failures, whatever run, time, host or temporary folder they came from."""

import hashlib
import re

from selfheal.diagnose.clean import without_prefix
from selfheal.domain.diagnosis import Cause

_VARYING = (
    (
        re.compile(r"(?:/tmp|/var/folders|/codebuild/output|/private/tmp|\\Temp)[/\\][^\s:'\"]{0,512}[/\\]"),
        "<tmp>/",
    ),
    (re.compile(r"(?:/tmp|/var/folders|/private/tmp)/[^\s:'\"]{1,512}"), "<tmp>"),
    # AWS names the request that failed; Kubernetes ends the names of pods with random letters, none a vowel.
    (
        re.compile(r"(?i)\b(request ?(?:id|token)|host ?id|trace ?id)([:=]\s{0,4}|\s)[\w+/=:-]{4,256}"),
        r"\1 <id>",
    ),
    (re.compile(r"-[b-df-hj-np-tv-xz0-9]{5,10}-[b-df-hj-np-tv-xz0-9]{5}\b"), "-<id>"),
    (re.compile(r"\[redacted:[a-z-]{1,24}#\d{1,9}\]"), "<redacted>"),
    (re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"), "<id>"),
    (re.compile(r"\b(?:0x[0-9a-fA-F]{1,32}|(?=[0-9a-f]{0,63}\d)(?=\d{0,63}[a-f])[0-9a-f]{7,64})\b"), "<hex>"),
    (re.compile(r"\d{1,64}(?:[.,:]\d{1,64}){0,8}"), "<n>"),
    (re.compile(r"\s{1,256}"), " "),
)


def shape(line: str) -> str:
    """The line without what varies from run to run: prefixes, numbers, times, ids, temporary paths."""
    line = without_prefix(line)
    for regex, word in _VARYING:
        line = regex.sub(word, line)
    return line.strip()


def fingerprint(cause: Cause, source: str, key: str) -> str:
    """16 hex digits from the cause, what decided it and the shape of the line or test that proves it."""
    return hashlib.sha256("\n".join((cause, source, shape(key))).encode()).hexdigest()[:16]
