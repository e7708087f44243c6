"""What stands where a secret would and is none: places in source files, and words that go on about an error.

``token.py:14: error``, ``failed to fetch token: unexpected status``, ``ExpiredToken: The provided token has expired``,
``max_tokens: 16384``, ``TestToken: FAIL``, ``near token: expected``, ``the password is wrong``.
"""

from selfheal.diagnose.linear import compiled

_BEFORE = 120
_SOURCE_FILE = compiled(
    r"\.(?:py|pyi|[cm]?[jt]sx?|java|kts?|go|rs|rb|php|c|cc|cpp|cxx|h|hpp|cs|fs|vb|scala|swift|mm?|exs?|erl|hs|mli?"
    r"|dart|lua|p[lm]|sh|bash|sql|vue|svelte|groovy|clj|proto|tf|gradle|s?css|html?)\\?[\"']?:$"
)
_PLACE = r"\[?\d{1,7}(?:[,:]\d{1,7}){0,3}[\]):,.;]{0,3}|:[Tt]est\w*(?:::\w+)*(?:\[[^\s\]]*\]?)?[,;:]?"
_CALLS = r"\d{1,7}(?:->[\w$.]+:\d{1,7})+[,;:]?"
_ARN = compiled(r"arn:aws[a-z-]*:secretsmanager:[a-z0-9-]*:\d*:secret:$")
_ARN_NAME = r"[\w/+.@:*-]+[,;)\]]{0,3}"
_COUNT = compiled(
    r"(?i:(?:max|min|num(?:ber)?|total|input|output|prompt|completion|context|new|used|cached|n)[_-]?(?:\w{1,20}[_-])?tokens?"
    r"|tokens?[_-]?(?:count|limit|used|usage|budget|total|length|size|window))[\"']?\s{0,4}[:=]\s{0,4}$"
)
_COUNTED = compiled(r"\d{1,12}[,;.)}\]]{0,4}")
_TEST = compiled(r"(?:^|[^A-Za-z0-9])(?:[Tt]est\w{0,80}|\w{0,80}[Tt]ests?):\s{1,4}$")
_RESULT = compiled(r"(?i:pass(?:ed)?|fail(?:ed|ure)?|skip(?:ped)?|ok|error)[,;.]?")
_PARSER = compiled(r"(?i:\btoken):\s{1,4}$")
_PARSED = compiled(
    r"(?i:expected|unexpected|punc|operator|identifier|keyword|eof|newline|indent|dedent)[,;.]?"
)
_IS = compiled(r"\s(?i:is|was):?\s{1,4}$")
_PREDICATE = compiled(
    r"(?i:wrong|required|missing|empty|set|unset|null|none|valid|invalid|correct|incorrect|weak|strong|short|long|same|ok|okay"
    r"|secure|insecure|public|private|optional|mandatory|needed|necessary|unknown|known|present|absent|available|unavailable"
    r"|fine|bad|good|right|true|false|stale|old|new|safe|unsafe|up|used|unused|\w{2,20}(?:ed|able|ible|ive))[,;.!]?"
)
_SPEAKS = compiled(r":\s{1,4}$")
_GOES_ON = compiled(r"^\s{1,4}[^\s#]")
_WORDS = (
    r"(?i:the|your|no|not|none|unable|unexpected|unauthori[sz]ed|forbidden|failed|could|couldn't|cannot|can't|must|should"
    r"|is|was|has|please|this|permission|access|connection|context|timeout|timed|too|request|response|bad|get|post|put"
    r"|dial|exit|exec|executable|file|jwt|error|eof|rpc|tls|x509|decryption|authentication|authorization|server|client"
    r"|expected|punc|operator|identifier|keyword|string|number|name|missing|invalid|expired|incorrect)[,;.]?"
)


def told(line: str, start: int, end: int) -> bool:
    """Whether ``line[start:end]``, though a secret's name stands before it, tells of a place or an error."""
    before, value = line[max(0, start - _BEFORE) : start], line[start:end]
    if _CALLED.fullmatch(value) is not None and before.endswith(":"):
        return True
    if _SOURCE_FILE.search(before) is not None:
        return _PLACED.fullmatch(value) is not None
    if _ARN.search(before) is not None:
        return _NAMED.fullmatch(value) is not None
    if any(name.search(before) is not None and words.fullmatch(value) is not None for name, words in _PAIRS):
        return True
    speaks = _SPEAKS.search(before) is not None and _SPOKEN.fullmatch(value) is not None
    return speaks and _GOES_ON.search(line[end : end + _BEFORE]) is not None


_PLACED, _CALLED, _NAMED, _SPOKEN = map(compiled, (_PLACE, _CALLS, _ARN_NAME, _WORDS))
_PAIRS = ((_COUNT, _COUNTED), (_TEST, _RESULT), (_PARSER, _PARSED), (_IS, _PREDICATE))
