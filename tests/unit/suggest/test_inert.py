"""Text for people: nothing to click, nobody mentioned, and still to be read."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from selfheal.suggest.inert import defanged, without_links

ALIVE = re.compile(
    r"(?i)\b(?:https?|ftp|javascript|data|mailto):\S|\bwww\.[a-z]|@\w|<[a-z/!@#]|\]\(|[a-z]\.[a-z]{2,}/\w"
)


@pytest.mark.parametrize(
    ("alive", "inert"),
    [
        (
            "GET https://registry.example.org/left-pad 429",
            "GET https[:]//registry[.]example[.]org/left-pad 429",
        ),
        ("see www.evil.example now", "see www[.]evil[.]example now"),
        ("see evil.example/steal?q=1", "see evil[.]example/steal?q=1"),
        ("HTTPS://EVIL.EXAMPLE", "HTTPS[:]//EVIL[.]EXAMPLE"),
        ("https://user:pw@evil.example:8080/x", "https[:]//user:pw(at)evil[.]example:8080/x"),
        ("<!channel> <@U123> @here", "< !channel> <(at)U123> (at)here"),
        ("mail sec@corp.example", "mail sec(at)corp.example"),
        ("[click](https://evil.example)", "[click] (https[:]//evil[.]example)"),
        ("<script>alert(1)</script>", "< script>alert(1)< /script>"),
        ("javascript:alert(1) mailto:a data:text/html", "javascript[:]alert(1) mailto[:]a data[:]text/html"),
        ("tel:+49123 slack://open", "tel[:]+49123 slack[:]//open"),
    ],
)
def test_what_could_be_clicked_or_calls_somebody_is_broken(alive: str, inert: str) -> None:
    assert defanged(alive) == inert
    assert not ALIVE.search(inert)


@pytest.mark.parametrize(
    "line",
    [
        "tests/test_cart.py:31: AssertionError: assert 3 == 4",
        "java.lang.NullPointerException: at shop.Cart.total(Cart.java:17)",
        "[ERROR] Failed to execute goal org.apache.maven.plugins:maven-compiler-plugin:3.13.0",
        "E   ModuleNotFoundError: No module named 'shop.cart'",
        "lib/python3.11/site-packages/pip: error: x < y and [a] (b)",
        "Error: exit status 137",
        "open file: no such file or directory; data: 3",
    ],
)
def test_ordinary_evidence_stays_as_it_is(line: str) -> None:
    assert defanged(line) == line


@given(st.text(alphabet="ahtps:/.w@<>[]()! \n", max_size=60) | st.text(max_size=60))
def test_no_text_stays_alive_and_doing_it_twice_changes_nothing(text: str) -> None:
    once = defanged(text)
    assert not ALIVE.search(once)
    assert defanged(once) == once


@given(st.text(alphabet="ahtps:/.w@<>[]()! \n", max_size=60) | st.text(max_size=60))
def test_words_of_a_model_keep_no_link_at_all(text: str) -> None:
    plain = without_links(text)
    assert not re.search(r"(?i)\b(?:https?|javascript):|\bwww\.\w|[<>@`\[\]]", plain)
