"""What secrets look like. Every quantifier is bounded: matching time grows with the line, not faster.

Each entry is a kind (part of the placeholder) and a pattern whose group ``secret`` is what must go.
Formats: the vendors' published token formats; structures: places where text says that a secret follows.
"""

import re
from typing import NamedTuple


class Pattern(NamedTuple):
    """A kind of secret and how it is found."""

    kind: str
    regex: re.Pattern[str]


_START = r"(?<![A-Za-z0-9_-])"

_FORMATS = {
    "aws-access-key": r"(?<![A-Z0-9])(?P<secret>(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16})(?![A-Z0-9])",
    "aws-session-token": r"(?<![A-Za-z0-9])"
    r"(?P<secret>(?:IQoJb3JpZ2lu|F[wQ]oGZXIvYXdz)[A-Za-z0-9+/=_%-]{8,8000})",
    "bedrock-key": _START + r"(?P<secret>ABSK[A-Za-z0-9+/=]{24,512})",
    "github-token": r"(?<![A-Za-z0-9])"
    r"(?P<secret>gh[pousr]_[A-Za-z0-9]{16,255}|github_pat_[A-Za-z0-9_]{16,255})",
    "gitlab-token": _START
    + r"(?P<secret>gl(?:pat|dt|rt|cbt|ptt|ft|imt|agent|oas|soat|ffct)-[A-Za-z0-9_.-]{12,255})",
    "slack-token": _START + r"(?P<secret>(?:xox[abceoprs]|xapp)-[A-Za-z0-9-]{8,512})",
    "slack-webhook": r"hooks\.slack\.com/(?P<secret>(?:services|workflows|triggers)/[A-Za-z0-9/_-]{10,255})",
    "stripe-key": _START
    + r"(?P<secret>(?:sk|rk|pk)_(?:live|test)_[A-Za-z0-9]{10,255}|whsec_[A-Za-z0-9+/=]{16,255})",
    "google-key": _START
    + r"(?P<secret>AIza[A-Za-z0-9_-]{30,64}|ya29\.[A-Za-z0-9_.-]{16,2048}|GOCSPX-[A-Za-z0-9_-]{16,64})",
    "npm-token": _START + r"(?P<secret>npm_[A-Za-z0-9]{30,64})",
    "pypi-token": _START + r"(?P<secret>pypi-AgE[A-Za-z0-9_-]{16,2048})",
    "docker-token": _START + r"(?P<secret>dckr_[a-z]{3,4}_[A-Za-z0-9_-]{16,128})",
    "api-key": _START
    + r"(?P<secret>sk-[A-Za-z0-9_-]{20,512}|SG\.[A-Za-z0-9_-]{16,64}\.[A-Za-z0-9_-]{16,64}"
    + r"|hv[sbr]\.[A-Za-z0-9_-]{20,512}|hf_[A-Za-z0-9]{30,64}|dop_v1_[a-f0-9]{64}"
    + r"|[A-Za-z0-9]{14}\.atlasv1\.[A-Za-z0-9_-]{40,90})",
    "jwt": _START
    + r"(?P<secret>eyJ[A-Za-z0-9_-]{8,4096}\.[A-Za-z0-9_-]{4,8000}(?:\.[A-Za-z0-9_-]{1,8000}){0,3})",
}

_NAME = (
    r"(?i:secret|token|passw(?:or)?d|passphrase|passcode|pass[_-]?key|credential|api[_-]?key|apikey|access[_-]?key"
    r"|private[_-]?key|signing[_-]?key|encryption[_-]?key|account[_-]?key|master[_-]?key|client[_-]?key"
    r"|deploy[_-]?key|connection[_-]?string|webhook[_-]?url|_auth(?![a-z])|_pwd(?![a-z])|_pass(?![a-z]))"
    r"[sS]?(?:[_.A-Z0-9-][\w.-]{0,64})?"
)
_QUOTED = r"(?P<quote>\\{0,4}[\"'])(?P<secret>[^\n]{1,4096}?)(?P=quote)"
_BARE = r"[^\s\"'&\\][^\s\"'&]{0,4095}"

_STRUCTURES = {
    "auth-header": [
        r"(?i:authorization)[\"']?\s{0,4}[:=]\s{0,4}[\"']?(?P<secret>[^\"'\n]{1,4096})",
        r"(?<![A-Za-z0-9])(?i:bearer|basic)\s{1,4}(?=[^\s]{0,256}\d)(?P<secret>[A-Za-z0-9._~+/=-]{12,4096})",
        r"(?i:cookie)[\"']?\s{0,4}:\s{0,4}(?P<secret>[^\n]{1,4096})",
    ],
    "url-signature": [
        r"[?&](?i:x-amz-signature|x-amz-credential|x-amz-security-token|x-goog-signature|x-goog-credential"
        r"|awsaccesskeyid|signature|sig|code|key)=(?P<secret>[^\s&\"'<>]{6,4096})"
    ],
    "url-userinfo": [r"://(?P<secret>[^\s/\"'<>]{1,1024})@(?=[^\s@])"],
    "named-secret": [
        _NAME + r"\\{0,4}[\"']?\s{0,4}(?::=|=>|=|:)\s{0,4}" + _QUOTED,
        _NAME + r"\\{0,4}[\"']?\s{0,4}(?::=|=>|=|:)\s{0,4}\\{0,4}[\"']?(?P<secret>" + _BARE + ")",
        r"^\s{0,40}(?:- )?[\w.-]{0,40}(?i:password|passphrase|secret):\s{1,4}(?P<secret>[^\n\"']{1,4096})$",
        r"<[\w.:-]{0,40}(?i:password|passphrase|secret|token|apikey)[\w.:-]{0,40}>(?P<secret>[^<\n]{1,4096})<",
    ],
    "flag-secret": [
        r"\s--?[\w-]{0,40}(?i:password|passphrase|token|secret|api-key|apikey|access-key)(?![a-z])"
        r"(?!-(?:stdin|file|env|path|name|id)(?![\w-]))[\w-]{0,40}\s{1,4}[\"']?(?P<secret>[^\s\"'|;&-][^\s\"']{0,4095})",
        r"(?i:login|mysql|sqlcmd)\s[^\n]{0,400}?\s-p\s{0,2}[\"']?(?P<secret>[^\s\"'-][^\s\"']{0,1023})",
        r"\s(?:-u|--user)[\s=]{1,3}[\"']?(?P<secret>[^\s:\"']{1,128}:[^\s\"']{1,1024})",
        r"\blogin\s{1,4}[^\s]{1,128}\s{1,4}password\s{1,4}(?P<secret>[^\s]{1,1024})",
    ],
}

FORMATS = tuple(Pattern(kind, re.compile(regex)) for kind, regex in _FORMATS.items())
STRUCTURES = tuple(Pattern(kind, re.compile(regex)) for kind, many in _STRUCTURES.items() for regex in many)

PEM_BEGIN = re.compile(r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----")
PEM_END = re.compile(r"-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----")
PEM_BODY = re.compile(
    r"^[\s|>]{0,16}(?:[A-Za-z0-9+/=]{1,128}|[A-Za-z-]{1,32}: [^\n]{0,200})?\s{0,4}$"
    r"|\s[A-Za-z0-9+/=]{40,128}\s{0,4}$"
)

_HARMLESS = re.compile(
    r"(?i:null|none|nil|true|false|undefined|empty|yes|no|\[\]|\{\}|\*{2,64})[,;)}\]]{0,4}$"
    r"|\$[\w{(]|%\w{1,64}%$|<[\w -]{1,64}>$|\d{1,4}[,;)}\]]{0,4}$|\d{1,6}:\d{1,6}$|git$"
)


def harmless(value: str) -> bool:
    """Whether a value in a secret's place is certainly none: an empty word, a variable, a small number."""
    return _HARMLESS.match(value) is not None
