"""Redaction: what must go, what must stay, and that it cannot be made slow or to run twice."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from selfheal.diagnose.redact import LINE_CAP, Redactor
from tests.redaction.harmless import HARMLESS, HEX_40

RANDOM_40 = "wJalrXUtnFEMIK7MDENGbPxRfiCYzb8kQ2hT5vLs"
SECRETS = {
    "aws-access-key": "AKIA" + "Q3EGUZKTXAMPLE7A",
    "aws-session-token": "IQoJb3JpZ2lu" + "X2VjEHoaCXVzLWVhc3QtMSJHMEUCIQD",
    "github-token": "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8",
    "gitlab-token": "glpat-" + "xY12zW34vU56tS78rQ90",
    "slack-token": "xoxb-" + "123456789012-abcdefGHIJKL",
    "stripe-key": "sk_live_" + "4eC39HqLyjWDarjtT1zdp7dc",
    "google-key": "AIza" + "SyD4x8Zk2mN0pQ7rS1tU3vW5xY6zA9bC0dE",
    "npm-token": "npm_" + "aB3dE5fG7hJ9kL1mN3pQ5rS7tU9vW1xY3zA5",
    "pypi-token": "pypi-AgE" + "IcHlwaS5vcmcCJDU2YzQtNGE4Zi05",
    "docker-token": "dckr_pat_" + "Zx9Yw8Vu7Ts6Rq5Po4Nm3Lk2",
    "jwt": "eyJhbGciOiJIUzI1NiJ9." + "eyJzdWIiOiIxMjM0In0." + "dozjgNryP4J3jVmNHl0w5N",
}
STRUCTURED = [
    ('unlock: passphrase "staple battery horse"', "staple battery horse"),
    ("Enter passphrase for key: 'staple battery'", "staple battery"),
    ("openssl enc -d -in a.enc -out a -k okapi", "okapi"),
    ("openssl rsa -in key.pem -passin pass:lemur", "lemur"),
    ("openssl pkcs12 -export -passout 'pass:two words' -in x", "two words"),
    ("user:pass = ci:walrus", "walrus"),
    ("the password is panda", "panda"),
    ("Your password is: meerkat.", "meerkat"),
    ("DB_PASSWORD=correcthorse", "correcthorse"),
    ('{"client_secret": "two words"}', "two words"),
    (r"{\"api_key\": \"plainvalue\"}", "plainvalue"),
    ("  db_password: staple battery", "staple battery"),
    ("apiToken: 'zebra'", "zebra"),
    ("deploy --token giraffe-blue --region eu", "giraffe-blue"),
    ("docker login -u ci -p okapi registry.example", "okapi"),
    ("curl -u deploy:lemur https://h.example", "deploy:lemur"),
    ("git clone https://ci:walrus@git.example/a.git", "walrus"),
    ("Authorization: Basic bGVtdXI6b2thcGk=", "bGVtdXI6b2thcGk="),
    ("set-cookie: sid=panda; path=/", "panda"),
    ("//npm.example/:_authToken=meerkat", "meerkat"),
    ("machine h.example login ci password narwhal", "narwhal"),
    ("<password>gecko</password>", "gecko"),
    ("GET /k?X-Amz-Signature=0a1b2c3d4e5f&X-Amz-Date=20260115T120000Z", "0a1b2c3d4e5f"),
    ("aws_secret_access_key = " + RANDOM_40, RANDOM_40),
    ("key material " + RANDOM_40, RANDOM_40),
    ("unlabelled " + HEX_40, HEX_40),
]


def test_placeholders_name_the_kind_and_are_stable() -> None:
    key, other = SECRETS["aws-access-key"], SECRETS["aws-access-key"][:-1] + "B"
    redactor = Redactor()
    assert redactor.redact(f"{key} then {other} then {key}") == (
        "[redacted:aws-access-key#1] then [redacted:aws-access-key#2] then [redacted:aws-access-key#1]"
    )
    assert redactor.redact(other) == "[redacted:aws-access-key#2]"


@pytest.mark.parametrize(("line", "secret"), STRUCTURED)
def test_text_that_says_it_holds_a_secret(line: str, secret: str) -> None:
    assert secret not in Redactor().redact(line)


def test_each_line_of_a_known_value_is_known() -> None:
    redactor = Redactor(["first line of it\nsecond line of it"])
    assert redactor.redact("got: second line of it") == "got: [redacted:known-value#1]"


def test_a_short_known_value_goes_as_a_whole_word_only() -> None:
    assert Redactor(["blue"]).redact("blue blueprint") == "[redacted:known-value#1] blueprint"


@pytest.mark.parametrize("end", ["-----END RSA PRIVATE KEY-----\n", ""])
@pytest.mark.parametrize("prefix", ["", "[Container] 2026/01/15 12:00:01 "])
def test_private_key_blocks_go_ended_or_not(end: str, prefix: str) -> None:
    body = ["MIIEowIBAAKCAQEAsecret", "shortline"]
    lines = [
        "before",
        "-----BEGIN RSA PRIVATE KEY-----",
        *body,
        *end.split("\n")[:1],
        "and after it, all is well",
    ]
    text = "\n".join(prefix + line for line in lines)
    redacted = Redactor().redact(text)
    assert not any(part in redacted for part in body)
    assert redacted.count("\n") == text.count("\n")
    assert redacted.endswith("and after it, all is well")


def test_a_key_on_one_line_goes_and_the_rest_stays() -> None:
    line = r'{"pem": "-----BEGIN PRIVATE KEY-----\nMIIabc\n-----END PRIVATE KEY-----", "name": "ci"}'
    redacted = Redactor().redact(line)
    assert "MIIabc" not in redacted
    assert redacted.endswith('"name": "ci"}')


def test_two_keys_on_one_line_both_go() -> None:
    mark = "-----{} PRIVATE KEY-----"
    key = mark.format("BEGIN") + "MIIabc{}" + mark.format("END")
    assert "MIIabc" not in Redactor().redact(f"{key.format(1)} and {key.format(2)}")


@pytest.mark.parametrize(
    "line",
    [
        "DB_PASSWORD: access",
        "token: server # mine",
        "wrong password: swordfish it was",
        "password.py::swordfish",
    ],
)
def test_what_neither_tells_a_place_nor_goes_on_about_an_error_goes(line: str) -> None:
    assert "[redacted:named-secret#1]" in Redactor().redact(line)


def test_colour_codes_inside_a_secret_do_not_save_it() -> None:
    key = SECRETS["github-token"]
    assert key[10:] not in Redactor().redact(f"{key[:9]}\x1b[0m{key[9:]}")


def test_a_long_line_is_cut_without_leaving_half_a_secret() -> None:
    line = "x " * (LINE_CAP // 2 - 20) + SECRETS["github-token"] + " tail" * 50
    redacted = Redactor().redact(line)
    assert len(redacted) <= LINE_CAP
    assert "ghp_" not in redacted


# What may stand right before a secret and would, for a terminal, take its first characters along.
SWALLOWERS = [
    "",
    "\x1b",
    "\x1b[",
    "\x1b[0",
    "\x1b[0;1",
    "\x1b[?",
    "\x1b(",
    "\x9b",
    "\x9b ",
    "\x9b0;",
    "\x1b]0;",
]
# What may stand right after it and would, for a reader of plain text, become part of its last character.
GLUES = [" ", "\n", "\x1b[0m", "\x1b[", "\u0301", "\u200bA", "\u2460", "\x07"]
FRAGMENTS = st.sampled_from([*SWALLOWERS, *GLUES, "\r", "\x1b\\", "31", ";", "K", "mark", "Az09"])
NOISE = st.text(max_size=60) | st.lists(FRAGMENTS, max_size=8).map("".join)

PIECES = st.sampled_from(
    [
        *SECRETS.values(),
        *(line for line, _ in STRUCTURED),
        *HARMLESS,
        "[redacted:jwt#1]",
        "token=",
        '\\"',
        "-----BEGIN ",
    ]
)


@given(st.lists(st.one_of(PIECES, NOISE), max_size=12), st.sampled_from(["", " ", "\n", "&", '"']))
@example(['token=\\"\\'] * 40, "")
@example(["-----BEGIN PRIVATE KEY-----"] * 3, " ")
def test_twice_is_once_and_lines_stay(pieces: list[str], glue: str) -> None:
    text = glue.join(pieces)
    redacted = Redactor(["plain known value"]).redact(text)
    assert Redactor(["plain known value"]).redact(redacted) == redacted
    assert redacted.count("\n") == text.count("\n")


@given(
    st.sampled_from(sorted(SECRETS)),
    NOISE,
    st.sampled_from(SWALLOWERS),
    st.sampled_from(GLUES),
    NOISE,
)
@example("aws-access-key", "", "\x9b ", " ", "")
@example("aws-access-key", "x", "\x1b[", " ", "")
@example("aws-access-key", "x", "\x1b[0", " ", "")
@example("aws-access-key", "x", "\x1b(", "\u0301", "")
@example("github-token", "", "\x1b[", "\u200bA", "z")
@example("npm-token", "done\r", "\x1b[0", "\x1b[0m", "\r")
def test_no_planted_secret_survives(kind: str, before: str, swallower: str, glue: str, after: str) -> None:
    secret = SECRETS[kind]
    redacted = Redactor().redact(f"{before} {swallower}{secret}{glue}{after}")
    assert not any(secret[i : i + 12] in redacted for i in range(4, len(secret) - 12))


@given(
    st.sampled_from(["s3cr3tvalue!pw", "12;3abcdefgh", "]0;title-of-it", "\ufb01re\u0301wall-42"]),
    NOISE,
    st.sampled_from(SWALLOWERS),
    st.sampled_from(GLUES),
    NOISE,
)
@example("s3cr3tvalue!pw", "login", "\x1b[", " ", "")
@example("s3cr3tvalue!pw", "login", "\x9b ", " ", "")
@example("12;3abcdefgh", "login", "\x1b[", " ", "")
def test_no_known_value_survives(value: str, before: str, swallower: str, glue: str, after: str) -> None:
    redacted = Redactor([value]).redact(f"{before} {swallower}{value}{glue}{after}")
    assert not any(value[i : i + 7] in redacted for i in range(len(value) - 6))


@pytest.mark.parametrize("swallower", SWALLOWERS)
@pytest.mark.parametrize("glue", GLUES)
def test_a_short_known_value_is_not_swallowed_in_part(swallower: str, glue: str) -> None:
    assert "int" not in Redactor(["mint"]).redact(f"x {swallower}mint{glue}")


@pytest.mark.parametrize("swallower", SWALLOWERS)
@pytest.mark.parametrize(
    ("line", "secret"), [("password=correcthorse", "horse"), ("token: zebra-crossing", "crossing")]
)
def test_the_name_of_a_secret_is_not_swallowed(line: str, secret: str, swallower: str) -> None:
    assert secret not in Redactor().redact(f"x {swallower}{line}")


@pytest.mark.parametrize("swallower", SWALLOWERS)
def test_the_head_of_a_key_block_is_not_swallowed(swallower: str) -> None:
    text = f"x {swallower}-----BEGIN PRIVATE KEY-----\x07\nMIIEowIBAAKCAQEA\n-----END PRIVATE KEY-----\nafter"
    redacted = Redactor().redact(text)
    assert "MIIE" not in redacted
    assert redacted.endswith("\nafter")


def test_colours_around_a_name_redact_nothing_more() -> None:
    line = "\x1b[1mtoken:\x1b[0m \x1b[33mcommit 9f86d08\x1b[m PASSWORD=\x1b[32m$DB\x1b[0m done"
    assert Redactor().redact(f"\x1b[33mHEAD is now at {HEX_40}\x1b[m") == f"HEAD is now at {HEX_40}"
    assert Redactor().redact(line).endswith("PASSWORD=$DB done")


def test_a_long_line_of_progress_shows_its_end() -> None:
    line = "\r".join(f"\x1b[2K{n}%" for n in range(20_000)) + "\rerror: out of paper"
    assert Redactor().redact(line) == "error: out of paper"


def test_no_text_comes_back_when_something_breaks() -> None:
    class Broken(str):
        def split(self, *_: object, **__: object) -> list[str]:
            raise MemoryError

    with pytest.raises(MemoryError):
        Redactor().redact(Broken("password=hunter2"))
