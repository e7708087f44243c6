"""Tokens of every format that the redactor knows, put together at run time: no file of the project holds one.

The formats are the vendors' published ones; the bodies are random, from a seed.
"""

from collections.abc import Callable
from random import Random
from string import ascii_letters, ascii_lowercase, ascii_uppercase, digits

ALNUM = ascii_letters + digits
UPPER = ascii_uppercase + digits
LOWER = ascii_lowercase + digits
HEX = "0123456789abcdef"
URL_SAFE = ALNUM + "-_"
BASE64 = ALNUM + "+/"


def body(random: Random, alphabet: str, length: int) -> str:
    """Random characters; the ends are alphanumeric, as a vendor's never start or end with punctuation."""
    inner = "".join(random.choice(alphabet) for _ in range(length - 2))
    ends = "".join(char for char in alphabet if char.isalnum())
    return random.choice(ends) + inner + random.choice(ends)


def _prefixed(prefix: str, alphabet: str, length: int) -> Callable[[Random], str]:
    return lambda random: prefix + body(random, alphabet, length)


def _jwt(random: Random) -> str:
    return ".".join(
        ["eyJ" + body(random, URL_SAFE, 17), "eyJ" + body(random, URL_SAFE, 40), body(random, URL_SAFE, 43)]
    )


KINDS: dict[str, Callable[[Random], str]] = {
    "aws access key": _prefixed("AK" + "IA", UPPER, 16),
    "aws temporary key": _prefixed("AS" + "IA", UPPER, 16),
    "aws session token": _prefixed("IQoJb3Jp" + "Z2lu", BASE64, 300),
    "bedrock api key": _prefixed("AB" + "SK", BASE64, 104),
    "github classic": _prefixed("gh" + "p_", ALNUM, 36),
    "github app": _prefixed("gh" + "s_", ALNUM, 36),
    "github fine-grained": lambda r: "github" + "_pat_" + body(r, ALNUM, 22) + "_" + body(r, ALNUM, 59),
    "gitlab personal": _prefixed("gl" + "pat-", URL_SAFE, 20),
    "gitlab runner": _prefixed("gl" + "rt-", URL_SAFE, 20),
    "slack bot": lambda r: (
        "xo" + "xb-" + body(r, digits, 12) + "-" + body(r, digits, 12) + "-" + body(r, ALNUM, 24)
    ),
    "stripe live": _prefixed("sk_" + "live_", ALNUM, 24),
    "stripe webhook": _prefixed("wh" + "sec_", ALNUM, 32),
    "google api": _prefixed("AI" + "za", URL_SAFE, 35),
    "google oauth": _prefixed("ya" + "29.", URL_SAFE, 120),
    "google client": _prefixed("GOC" + "SPX-", URL_SAFE, 28),
    "npm": _prefixed("np" + "m_", ALNUM, 36),
    "pypi": _prefixed("py" + "pi-AgEIcHlwaS5vcmc", URL_SAFE, 150),
    "docker hub": _prefixed("dckr" + "_pat_", URL_SAFE, 27),
    "jwt": _jwt,
    "azure client secret": lambda r: body(r, ALNUM, 3) + "8Q" + "~" + body(r, ALNUM, 34),
    "openai": _prefixed("sk" + "-proj-", URL_SAFE, 74),
    "anthropic": _prefixed("sk" + "-ant-api03-", URL_SAFE, 93),
    "sendgrid": lambda r: "S" + "G." + body(r, URL_SAFE, 22) + "." + body(r, URL_SAFE, 43),
    "vault": _prefixed("hv" + "s.", URL_SAFE, 95),
    "hugging face": _prefixed("h" + "f_", ascii_letters, 34),
    "digitalocean": _prefixed("dop" + "_v1_", HEX, 64),
    "terraform cloud": lambda r: body(r, ALNUM, 14) + ".atlas" + "v1." + body(r, URL_SAFE, 67),
    "atlassian": _prefixed("ATA" + "TT3", URL_SAFE, 180),
    "new relic": _prefixed("NR" + "AK-", UPPER, 27),
    "grafana": _prefixed("gl" + "sa_", ALNUM, 41),
    "shopify": _prefixed("shp" + "at_", HEX, 32),
    "databricks": _prefixed("da" + "pi", HEX, 32),
    "rubygems": _prefixed("ruby" + "gems_", HEX, 48),
    "crates.io": _prefixed("ci" + "o", ALNUM, 32),
    "nuget": _prefixed("oy" + "2", LOWER, 43),
    "artifactory": _prefixed("AK" + "Cp", ALNUM, 69),
    "mailgun": _prefixed("ke" + "y-", HEX, 32),
    "twilio": _prefixed("S" + "K", HEX, 32),
    "telegram": lambda r: body(r, digits, 10) + ":A" + "A" + body(r, URL_SAFE, 33),
    "age": _prefixed("AGE-SECRET" + "-KEY-1", UPPER, 58),
}


def token(kind: str, seed: int = 0) -> str:
    """The token of this kind and seed; always the same one."""
    return KINDS[kind](Random(f"{kind}/{seed}"))


def survives(secret: str, text: str, window: int = 12) -> bool:
    """Whether any ``window`` characters of the secret in a row, its public prefix apart, are in the text."""
    start = min(4, max(0, len(secret) - window))
    return any(secret[at : at + window] in text for at in range(start, len(secret) - window + 1))
