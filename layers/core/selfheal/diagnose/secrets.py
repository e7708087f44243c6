"""What secrets look like. Matched by RE2 alone: time grows with the line and never faster.

Each entry is a kind (part of the placeholder) and a pattern whose group ``secret`` is what must go.
Formats: the vendors' published token formats; structures: places where text says that a secret follows.
``listed`` is the alternation of them all: one search tells that a line needs none of the others.
"""

import re
from functools import cache
from typing import NamedTuple

from selfheal.diagnose.linear import compiled


class Pattern(NamedTuple):
    """A kind of secret and how it is found."""

    kind: str
    regex: "re.Pattern[str]"


_START = r"(?:^|[^A-Za-z0-9_-])"
_AFTER_OTHER = r"(?:^|[^A-Za-z0-9])"

_FORMATS = {
    "aws-access-key": r"(?:^|[^A-Z0-9])(?P<secret>(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16,})",
    "aws-session-token": _AFTER_OTHER + r"(?P<secret>(?:IQoJb3JpZ2lu|F[wQ]oGZXIvYXdz)[A-Za-z0-9+/=_%-]{8,})",
    "bedrock-key": _START + r"(?P<secret>(?:ABSK|bedrock-api-key-)[A-Za-z0-9+/=]{24,})",
    "github-token": _AFTER_OTHER + r"(?P<secret>(?:gh[pousr]_|github_pat_)[A-Za-z0-9_]{16,})",
    "gitlab-token": _START
    + r"(?P<secret>gl(?:pat|dt|rt|rtr|cbt|ptt|ft|imt|agent|oas|soat|ffct|wt)-[A-Za-z0-9_.-]{12,}"
    r"|GR1348941[A-Za-z0-9_-]{16,})",
    "slack-token": _START + r"(?P<secret>(?:xox[abceoprs]|xapp)-[A-Za-z0-9.-]{8,})",
    "stripe-key": _START
    + r"(?P<secret>(?:sk|rk|pk)_(?:live|test)_[A-Za-z0-9]{10,}|whsec_[A-Za-z0-9+/=]{16,})",
    "google-key": _START
    + r"(?P<secret>AIza[A-Za-z0-9_-]{30,}|ya29\.[A-Za-z0-9_.-]{16,}|GOCSPX-[A-Za-z0-9_-]{16,}|1//0[A-Za-z0-9_-]{30,})",
    "npm-token": _START + r"(?P<secret>npm_[A-Za-z0-9]{30,})",
    "pypi-token": _START + r"(?P<secret>pypi-AgE[A-Za-z0-9_-]{16,})",
    "docker-token": _START + r"(?P<secret>dckr_[a-z]{3,4}_[A-Za-z0-9_-]{16,})",
    "jwt": _START + r"(?P<secret>eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{4,}(?:\.[A-Za-z0-9_-]+)*)",
    "azure-secret": r"(?P<secret>[A-Za-z0-9_~.-]{3}[78]Q~[A-Za-z0-9_~.-]{31,})",
    "webhook": r"(?:hooks\.slack\.com/(?:services|workflows|triggers)|discord(?:app)?\.com/api/webhooks"
    r"|webhook\.office\.com/webhookb2)/(?P<secret>[^\s\"'<>]{10,})",
    "api-key": _START + r"(?P<secret>sk-[A-Za-z0-9_-]{20,}|SG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}"
    r"|hv[sbr]\.[A-Za-z0-9_-]{20,}|hf_[A-Za-z0-9]{30,}|do[opr]_v1_[a-f0-9]{40,}|AGE-SECRET-KEY-1[A-Z0-9]{40,}"
    r"|[A-Za-z0-9]{14}\.atlasv1\.[A-Za-z0-9_-]{40,}|AT[AC]TT3[A-Za-z0-9_=-]{40,}|ATBB[A-Za-z0-9]{24,}"
    r"|(?:NRAK|NRJS|NRII|PMAK|HRKU)-[A-Za-z0-9_-]{16,}|sntry[su]_[A-Za-z0-9+/=_-]{30,}|gl(?:sa|c)_[A-Za-z0-9_=+/-]{24,}"
    r"|shp(?:at|ca|pa|ss)_[a-fA-F0-9]{24,}|sq0(?:atp|csp|idp)-[A-Za-z0-9_-]{20,}|lin_(?:api|oauth)_[A-Za-z0-9]{24,}"
    r"|(?:figd|ntn|nfp|sbp|CCIPAT|bk[uab]a|rubygems|sq[pau]|pul|vercel|tskey|pscale_(?:tkn|pw|oauth))[_-][A-Za-z0-9_-]{20,}"
    r"|dapi[a-f0-9]{32}|dp\.(?:pt|st|ct|sa|scim|audit)\.[A-Za-z0-9._-]{30,}|AKCp[A-Za-z0-9]{24,}|cmVmdGtu[A-Za-z0-9+/=]{24,}"
    r"|oy2[a-z0-9]{43}|cio[A-Za-z0-9]{32}|key-[a-f0-9]{32}|[a-f0-9]{32}-us[0-9]{1,2}|SK[a-f0-9]{32}|\d{8,10}:AA[A-Za-z0-9_-]{32,})",
}

_NAME = (
    r"(?i:secret|token|passw(?:or)?d|passphrase|passcode|pass[_-]?key|credential|api[_-]?key|access[_-]?key"
    r"|private[_-]?key|signing[_-]?key|encryption[_-]?key|account[_-]?key|master[_-]?key|client[_-]?key"
    r"|deploy[_-]?key|functions-key|subscription-key|connection[_-]?string|webhook[_-]?url|_auth|_pwd|_pass)"
)
_REST = r"[sS]?(?:[_.A-Z0-9-][\w.-]*)?"
_SAYS = r"\\*[\"']?\s*(?::=|=>|->|=|:|(?:%22)?(?i:%3d|%3a)(?:%22)?)\s*"
_QUOTE = r"\\*[\"']"
# A quoted value, at three depths of escaping: none, one (JSON in a log line), more.
_QUOTED = (
    r"\"(?P<secret>(?:[^\"\\\n]|\\[^\n])+)\"",
    r"'(?P<secret>(?:[^'\\\n]|\\[^\n])+)'",
    r"\\[\"'](?P<secret>(?:[^\"'\\\n]|\\\\\\?[^\n])+?)\\[\"']",
    r"\\{2,}[\"'](?P<secret>[^\"'\n]+?)\\{2,}[\"']",
)
_BARE = r"\\*[\"']?(?P<secret>[^\s\"'&\\][^\s\"'&]*)"
# A name where a value should be, such as ``credentials: token: ...``: the secret is behind the last of them.
_NAMES = _NAME + _REST + _SAYS + r"(?:[\[{(]?\s{0,4}\\*[\"']?[\w.-]*" + _NAME + _REST + _SAYS + ")+"
_SPOKEN = r"(?i:password|passphrase|passcode|secret|token|(?:api|access|encryption|signing|private) key)"
_LOUD = r"[A-Z0-9_]*(?:SECRET|TOKEN|PASSW|CREDENTIAL|API_?KEY|ACCESS_?KEY)[A-Z0-9_]*"
_CHARACTER = r"[A-Za-z0-9._~+/=-]"
_WITH_DIGIT = (
    r"(?:[A-Za-z._~+/=-]{6,}[0-9]" + _CHARACTER + r"*|[A-Za-z._~+/=-]{0,5}[0-9]" + _CHARACTER + r"{6,})"
)

# A value on a command line, and whatever stands between the command and the flag that asks for it.
_ARGUMENT = r"[\"']?(?P<secret>[^\s\"'-][^\s\"']*)"
_AFTER = r"\s(?:[^\n]*?\s)?"
_SHARE = r"\\{2,8}[^\s]+"
_SWITCHLESS = r"(?P<secret>[^\s/\"*|>&;-][^\s\"]*)"
_COMMAND = r"(?:^|[+$>&|;]\s{0,4}|[Cc]ommand\s{1,4})"

_STRUCTURES = {
    "auth-header": [
        r"(?i:authorization)\\*[\"']?\s{0,4}[:=]\s{0,4}\\*[\"']?(?P<secret>[^\"'\s\\][^\"'\n]*)",
        _AFTER_OTHER + r"(?i:bearer|basic)\s{1,4}(?P<secret>" + _WITH_DIGIT + ")",
        r"(?i:cookie)\\*[\"']?\s{0,4}:\s{0,4}\\*[\"']?(?P<secret>[^\s\"'\\][^\n]*)",
        r"\\*[\"']auth\\*[\"']\s{0,4}:\s{0,4}\\*[\"'](?P<secret>[^\"'\s\\]+)",
    ],
    "url-signature": [
        r"[?&;](?i:x-amz-signature|x-amz-credential|x-amz-security-token|x-goog-signature|x-goog-credential"
        r"|awsaccesskeyid|signature|sig|code|key)=(?P<secret>[^\s&\"'<>]{6,})"
    ],
    "url-userinfo": [
        r"://(?P<secret>[^\s/\"'<>]+)@[^\s@]",
        r"(?i:postgres(?:ql)?|mysql|mongodb(?:\+srv)?|amqps?|rediss?)://(?P<secret>[^\s:@/\"'<>]*:[^\s\"'<>]+)@[^\s@]",
        r"jdbc:oracle:thin:(?P<secret>[^\s/@]+/[^\s@]+)@",
    ],
    "named-secret": [
        *(_NAMES + value for value in (*_QUOTED, _BARE)),
        *(_NAME + _REST + _SAYS + quoted for quoted in _QUOTED),
        _NAME + _REST + _SAYS + _BARE,
        r"^\s{0,40}(?:- )?[\w.-]{0,40}(?i:password|passphrase|secret):\s{1,4}(?P<secret>[^\n\"']+)$",
        r"<[\w.:-]*(?i:password|passphrase|secret|token|apikey)[\w.:-]*>(?P<secret>[^<\n]+)<",
        _NAME + _REST + r"[\"']\s{1,4}value=[\"'](?P<secret>[^\"'\n]+)[\"']",
        _NAME + _REST + r"[\"']\s{0,4}>(?P<secret>[^<\n]+)<",
        _NAME
        + _REST
        + _QUOTE
        + r"?\s{0,4},\s{0,4}(?:"
        + _QUOTE
        + r"?type"
        + _QUOTE
        + r"?\s{0,4}[:=]\s{0,4}"
        + _QUOTE
        + r"?[A-Z_]+"
        + _QUOTE
        + r"?\s{0,4},\s{0,4})?"
        + _QUOTE
        + r"?(?i:parameter)?[vV]alue"
        + _QUOTE
        + r"?\s{0,4}[:=]\s{0,4}"
        + _QUOTE
        + r"?(?P<secret>[^\s\"',\\}][^\"'\n\\]*)",
        _QUOTE
        + r"(?i:parameter)?[vV]alue"
        + _QUOTE
        + r"\s{0,4}:\s{0,4}"
        + _QUOTE
        + r"(?P<secret>[^\"'\\\n]+)"
        + _QUOTE
        + r"\s{0,4},\s{0,4}"
        + _QUOTE
        + r"(?i:name|key|parameterkey)"
        + _QUOTE
        + r"\s{0,4}:\s{0,4}"
        + _QUOTE
        + r"[\w.-]*"
        + _NAME,
        r"[\"']pass[\"']\s{0,4}(?::|=>)\s{0,4}[\"'](?P<secret>[^\"'\n]+)[\"']",
        r"(?:^|[;\s\"'])[Pp]wd=(?P<secret>[^\s\"';/][^\s\"';]*)",
        r"(?i:config(?:ure)?\s{1,4}set)\s{1,4}[^\s=]*"
        + _NAME
        + _REST
        + r"\s{1,4}[\"']?(?P<secret>[^\s\"'-][^\s\"']*)",
        r"\b(?:ENV|ARG|SET|setx|setenv|set)\s{1,4}" + _LOUD + r"\s{1,4}[\"']?(?P<secret>[^\s\"'=][^\s\"']*)",
        r"(?i:login|auth|authenticate|credentials)\s{0,2}=?\s{0,2}\(\s{0,4}[\"'][^\"'\n]*[\"']\s{0,4},\s{0,4}"
        r"[\"'](?P<secret>[^\"'\n]+)[\"']",
        r"(?i:using|with)\s{1,2}(?i:password|passphrase|token|secret)\s{1,2}[\"'`]?(?P<secret>[^\s\"'`]*[0-9][^\s\"'`]*)",
        r"\becho\s{1,4}(?:-[neE]{1,3}\s{1,4})?[\"']?(?P<secret>[^\s\"'|]+)[\"']?\s{0,4}\|[^\n]*"
        r"(?:--password-stdin|--with-token|sudo\s{1,4}-S|chpasswd)",
        _NAME + _REST + r"\s{1,40}=\s{1,4}[^\n]* -> \"(?P<secret>(?:[^\"\\\n]|\\[^\n])+)\"",
        r"[|\x{2502}]\s{0,40}" + _LOUD + r"\s{0,40}[|\x{2502}]\s{0,40}(?P<secret>[^\s|\x{2502}]+)",
        r"(?:^|\t)" + _LOUD + r"\t(?P<secret>[^\s]+)",
        _NAME + _REST + r"\(\s{0,4}[\"'](?P<secret>[^\"'\n]+)[\"']",
        r"(?i:identified\s{1,4}by|password|passphrase|passcode)\s{1,4}[\"'](?P<secret>[^\"'\n]+)[\"']",
        r"(?i:password|passphrase|passcode) for [^:\"'\n]{1,80}:\s{1,4}[\"'](?P<secret>[^\"'\n]+)[\"']",
        r"(?i:user(?:name)?\s?[:/]\s?pass(?:word|wd)?)\s{0,4}(?:=|:|is)\s{0,4}[\"']?(?P<secret>[^\s\"':/]{1,128}[:/][^\s\"']+)",
        r"(?i:password|passphrase|passcode)\s{1,2}(?i:is|was):?\s{1,4}[\"'`]?(?P<secret>[^\s\"'`.,;!]{4,})[\"'`]?(?:[.,;!]|\s*$)",
        _SPOKEN + r"\s{1,2}(?i:is|was|to)\s{1,2}[\"'`]?(?P<secret>[^\s\"'`]*[0-9!@#$%^&*][^\s\"'`]*)",
        r"^\s{0,8}password\s{1,4}(?P<secret>[^\s]+)$",
    ],
    "flag-secret": [
        r"(?i:ConvertTo-SecureString)\s{1,4}(?:-(?i:String|AsPlainText|Force)\s{1,4}){0,3}"
        r"[\"']?(?P<secret>[^\s\"'$(-][^\s\"']*)",
        r"\s--?[\w-]*(?i:password|passphrase|token|secret|api-key|apikey|access-key)(?P<suffix>s?(?:[-_A-Z0-9][\w-]*)?)"
        r"\s{1,4}[\"']?(?P<secret>[^\s\"'|;&-][^\s\"']*)",
        r"-pass(?:in|out)?\s{1,4}pass:(?P<secret>[^\s]+)",
        r"-pass(?:in|out)?\s{1,4}[\"']pass:(?P<secret>[^\"'\n]+)[\"']",
        r"openssl\s(?:[^\n]*?\s)?-[kK]\s{1,2}[\"']?(?P<secret>[^\s\"'-][^\s\"']*)",
        r"redis-cli\s(?:[^\n]*?\s)?-a\s{1,2}[\"']?(?P<secret>[^\s\"'-][^\s\"']*)",
        r"(?i:login|mysql[a-z]{0,6}|mariadb(?:-\w{1,6})?|sshpass|mongo[a-z]{0,7}|snowsql|psexec\w{0,2}|twine|altool|usermod"
        r"|certutil|(?:create|unlock)-keychain|nuget\s{1,4}(?:add|sources?))"
        + _AFTER
        + r"-p\s{0,2}"
        + _ARGUMENT,
        r"\b(?:sqlcmd|osql|isql|bcp|security\s{1,4}import)" + _AFTER + r"-[pP]\s{0,2}" + _ARGUMENT,
        r"-(?:src|dest|new)?(?:store|key)pass[\s:=]{1,3}" + _ARGUMENT,
        r"\bnuget(?:\.exe)?" + _AFTER + r"(?:-k|(?i:setapikey))\s{1,4}" + _ARGUMENT,
        r"\bnuget(?:\.exe)?\s{1,4}push\s{1,4}[^\s]+\s{1,4}(?P<secret>[^\s:/-][^\s:/]*)(?:\s|$)",
        r"(?i:\bnet(?:\.exe)?\s{1,4}use)\s{1,4}(?:(?:[A-Za-z]:|\*)\s{1,4})?"
        + _SHARE
        + r"\s{1,4}"
        + _SWITCHLESS,
        r"(?i:\bnet(?:\.exe)?\s{1,4}use)\s[^\n]*?/(?i:user):[^\s]+\s{1,4}" + _SWITCHLESS,
        r"(?i:\bnet(?:\.exe)?\s{1,4}user)\s{1,4}[^\s/]+\s{1,4}" + _SWITCHLESS + r"\s{1,4}/",
        _COMMAND + r"(?i:net(?:\.exe)?\s{1,4}user)\s{1,4}[^\s/]+\s{1,4}" + _SWITCHLESS + r"\s*$",
        r"(?i:\b(?:schtasks|signtool)(?:\.exe)?)"
        + _AFTER
        + r"/(?i:rp|p)\s{1,4}[\"']?(?P<secret>[^\s\"'/*][^\s\"']*)",
        r"\s/(?i:pass|pwd):[\"']?(?P<secret>[^\s\"'*][^\s\"']*)",
        r"\bcurl" + _AFTER + r"-[A-Za-z]{0,8}[uU]\s{0,2}[\"']?(?P<secret>[^\s:\"']{1,128}:[^\s\"']+)",
        r"\bhttps?" + _AFTER + r"(?:-a|--auth)[\s=]{1,3}[\"']?(?P<secret>[^\s:\"']{1,128}:[^\s\"']+)",
        r"\bsmbclient\s{1,4}//[^\s]+\s{1,4}(?P<secret>[^\s-][^\s]*)",
        r"\bsmbclient" + _AFTER + r"-U\s{0,2}[\"']?[^\s%\"']+%(?P<secret>[^\s\"']+)",
        r"(?:^|[^.\w])(?:7z[arz]?|(?:un)?rar)(?:\.exe)?\"?" + _AFTER + r"[\"']?-h?p" + _ARGUMENT,
        r"\bset-key-partition-list" + _AFTER + r"-k\s{1,4}" + _ARGUMENT,
        r"\bhtpasswd\s{1,4}-[A-Za-z]{0,4}b[A-Za-z]{0,4}\s[^\n|>]*?(?P<secret>[^\s|>]+)\s*(?:$|[|>;&])",
        r"\brabbitmqctl\s{1,4}(?:add_user|change_password)\s{1,4}[^\s]+\s{1,4}" + _ARGUMENT,
        r"\b(?:sqlplus|impdp|expdp|sqlldr)\s{1,4}(?:-\w{1,4}\s{1,4}){0,4}[\"']?[\w$#]{1,64}/(?P<secret>[^\s@/\"'][^\s@\"']*)",
        r"\blftp" + _AFTER + r"-u\s{1,2}[\"']?[^\s,\"']+,(?P<secret>[^\s\"']+)",
        r"\b(?:plink|pscp|psftp)(?:\.exe)?" + _AFTER + r"-pw\s{1,2}" + _ARGUMENT,
        r"sonar\.login=" + _ARGUMENT,
        r"\bldap\w{2,12}\s(?:[^\n]*?\s)?-w\s{0,2}[\"']?(?P<secret>[^\s\"'-][^\s\"']*)",
        r"\b(?:un)?zip\s(?:[^\n]*?\s)?-P\s{0,2}[\"']?(?P<secret>[^\s\"'-][^\s\"']*)",
        r"::add-mask::(?P<secret>[^\n]+)",
        r"\s(?:-u|--(?:proxy-)?user)[\s=]{1,3}[\"']?(?P<secret>[^\s:\"']{1,128}:[^\s\"']+)",
        r"\blogin\s{1,4}[^\s]+\s{1,4}password\s{1,4}(?P<secret>[^\s]+)",
        r"^[^\s:]+:(?:54\d\d|\*):[^\s:]+:[^\s:]+:(?P<secret>[^\s]+)$",
    ],
}
# Where a flag ends so, its value names the place of a secret and is none.
POINTERS = frozenset({"-stdin", "-file", "-env", "-path", "-name", "-id", "-arn", "-type"})

_GROUP = re.compile(r"\(\?P<\w+>")
_MIXED_RUN = "|".join(f"[A-Za-z]{{{n}}}[0-9][A-Za-z0-9]{{{11 - n}}}" for n in range(12))
_ALL = list(_FORMATS.items())
_ALL += [(kind, regex) for kind, many in _STRUCTURES.items() for regex in many]
_LISTED = "|".join(_GROUP.sub("(?:", regex) for _, regex in _ALL)


@cache
def listed() -> "re.Pattern[str]":
    """Whether any of the patterns matches, in one search; compiled when it is first asked for, like all below."""
    return compiled(_LISTED)


@cache
def mixed() -> "re.Pattern[str]":
    """Whether a run is long and mixed enough for its entropy to be measured."""
    return compiled(_MIXED_RUN)


@cache
def patterns() -> tuple[Pattern, ...]:
    """Formats, then structures."""
    return tuple(Pattern(kind, compiled(regex)) for kind, regex in _ALL)


_HARMLESS = (
    r"(?i:null|none|nil|true|false|undefined|empty|yes|no|required|missing|invalid|expired|incorrect|\[\]|\{\}"
    r"|\*{2,}|\[?(?:secure|masked|filtered|redacted|hidden|protected)\]?|\(sensitive[^)]*\)?)[,;.)}\]]{0,4}"
    r"|(?:\$\w+|\$\{{1,2}[^}]*\}{0,2}|\$\([^)]*\)?|[:/@.,;-])+|%\w+%|<[\w -]+>[^A-Za-z0-9]*"
    r"|\d{1,4}[,;.)}\]]{0,4}|(?:(?:\d{1,3}(?:\.\d{1,3}){3}|\[[0-9a-f:]{2,39}\]):)?\d{1,6}(?:-\d{1,5})?:\d{1,6}(?:-\d{1,5})?(?:/(?:tcp|udp))?|git"
)


@cache
def _harmless() -> "re.Pattern[str]":
    return compiled(_HARMLESS)


def harmless(value: str) -> bool:
    """Whether a value in a secret's place is certainly none: an empty word, a variable, a small number."""
    return _harmless().fullmatch(value) is not None
