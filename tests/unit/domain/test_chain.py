"""The chain of an incident's entries: whatever is done to it shows, and what is whole is called whole."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from selfheal.domain.chain import Archived, Kept, flaws_of
from selfheal.domain.errors import LedgerBroken
from selfheal.domain.ledger import LedgerEntry, LedgerKind, Sealed, seal, unseal
from selfheal.testing.archive import archived
from selfheal.testing.builders import NOON

LATER = NOON + timedelta(days=1)
KINDS = list(LedgerKind)
TEXTS = st.text(max_size=20)
JSON: st.SearchStrategy[object] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)
DATA: st.SearchStrategy[dict[str, object]] = st.dictionaries(TEXTS, JSON, max_size=4)


ID = "0123456789abcdef"


def a_chain(datas: list[dict[str, object]]) -> list[Sealed]:
    """As many entries as there are data, a second apart, in the order of their kinds."""
    chain: list[Sealed] = []
    for number, data in enumerate(datas, 1):
        entry = LedgerEntry(ID, KINDS[number - 1], NOON + timedelta(seconds=number), data)
        chain.append(seal(entry, number, chain[-1].hash if chain else ""))
    return chain


CHAINS = st.lists(DATA, min_size=2, max_size=8).map(a_chain)


def objects_of(chain: list[Sealed]) -> list[Archived]:
    return [archived(s.entry.incident_id, s.sequence, s.text) for s in chain]


def kept_of(chain: list[Sealed]) -> Kept:
    texts = {s.entry.kind.value: s.text for s in chain}
    return Kept(texts, chain[-1].sequence, chain[-1].hash) if chain else Kept()


def flaws(objects: list[Archived], kept: Kept, incident_id: str = ID) -> list[str]:
    return [flaw.words for flaw in flaws_of(incident_id, objects, kept, LATER)]


@given(CHAINS)
def test_a_whole_record_has_no_flaw(chain: list[Sealed]) -> None:
    assert flaws(objects_of(chain), kept_of(chain)) == []


@given(DATA)
def test_an_entry_comes_back_from_its_text_and_seals_to_the_same_bytes(data: dict[str, object]) -> None:
    (sealed,) = a_chain([data])
    back = unseal(sealed.text)
    assert back == sealed
    assert seal(back.entry, back.sequence, back.previous).text == sealed.text


def change_of(sealed: Sealed, data: dict[str, object]) -> Sealed:
    return seal(
        replace(sealed.entry, data={**sealed.entry.data, "forged": data}), sealed.sequence, sealed.previous
    )


def changed(chain: list[Sealed], at: int, data: dict[str, object]) -> list[Sealed]:
    return [*chain[:at], change_of(chain[at], data), *chain[at + 1 :]]


def dropped(chain: list[Sealed], at: int, data: dict[str, object]) -> list[Sealed]:
    return chain[:at] + chain[at + 1 :]


def swapped(chain: list[Sealed], at: int, data: dict[str, object]) -> list[Sealed]:
    """Two neighbours in each other's place, numbered anew so that nothing shows but the links."""
    other = (at + 1) % len(chain)
    entries = [sealed.entry for sealed in chain]
    entries[at], entries[other] = entries[other], entries[at]
    return [seal(entry, old.sequence, old.previous) for entry, old in zip(entries, chain, strict=True)]


def inserted(chain: list[Sealed], at: int, data: dict[str, object]) -> list[Sealed]:
    """An entry put in between, and all after it numbered anew."""
    kind = KINDS[len(chain)]
    forged = seal(LedgerEntry(chain[0].entry.incident_id, kind, NOON, data), at + 1, chain[at].previous)
    rest = [seal(s.entry, s.sequence + 1, s.previous) for s in chain[at:]]
    return [*chain[:at], forged, *rest]


Forgery = Callable[[list[Sealed], int, dict[str, object]], list[Sealed]]
FORGERIES = st.sampled_from([changed, dropped, swapped, inserted])


@given(CHAINS, st.integers(0, 7), FORGERIES, DATA)
def test_a_table_that_differs_in_any_entry_from_its_archive_is_flawed(
    chain: list[Sealed], at: int, forge: Forgery, data: dict[str, object]
) -> None:
    forged = forge(chain, at % len(chain), data)
    assert flaws(objects_of(chain), kept_of(forged)) != []


@given(CHAINS, st.integers(0, 7), FORGERIES, DATA)
def test_an_archive_in_which_any_entry_was_forged_is_flawed_even_if_the_table_says_the_same(
    chain: list[Sealed], at: int, forge: Forgery, data: dict[str, object]
) -> None:
    """Except the last entry of all: nothing follows that would name its hash. Its lock protects that one, and a table
    that still has it."""
    forged = forge(chain, at % (len(chain) - 1), data)
    assert flaws(objects_of(forged), kept_of(forged)) != []


@given(CHAINS)
def test_a_truncated_archive_is_flawed(chain: list[Sealed]) -> None:
    assert flaws(objects_of(chain[:-1]), kept_of(chain)) != []


@given(CHAINS)
def test_a_truncated_table_is_flawed_even_if_its_head_was_set_back(chain: list[Sealed]) -> None:
    assert flaws(objects_of(chain), kept_of(chain[:-1])) == [
        f"({chain[-1].entry.kind}) is missing from the table"
    ]


@given(CHAINS)
def test_a_whole_chain_of_another_incident_is_flawed(chain: list[Sealed]) -> None:
    assert flaws(objects_of(chain), kept_of(chain), "feedfeedfeedfeed") != []


@given(CHAINS, st.integers(0, 7))
def test_a_changed_field_is_named(chain: list[Sealed], at: int) -> None:
    at %= len(chain)
    forged = changed(chain, at, {})
    kind = chain[at].entry.kind
    assert f"({kind}) was changed in the table: forged None became {{}}" in flaws(
        objects_of(chain), kept_of(forged)
    )


def test_an_entry_may_be_opened_late_and_nothing_else() -> None:
    (opened,) = a_chain([{}])
    late = replace(objects_of([opened])[0], written_at=NOON + timedelta(hours=6))
    assert flaws([late], kept_of([opened])) == []
    early = replace(late, written_at=NOON - timedelta(hours=6))
    assert "and was written" in flaws([early], kept_of([opened]))[0]
    for kind, hours, whole in (("approved", 4, True), ("approved", 7, False), ("decided", 4, False)):
        other = seal(replace(opened.entry, kind=LedgerKind(kind)), 1, "")
        late = replace(late, text=other.text, written_at=NOON + timedelta(hours=hours))
        assert (flaws([late], kept_of([other])) == []) is whole


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "JSON"),
        ("[" * 5000, "JSON"),
        ("[]", "exactly the fields"),
        ('{"kind":"opened"}', "exactly the fields"),
        (a_chain([{}])[0].text.replace('"sequence":1', '"sequence":true'), "sequence"),
        (a_chain([{}])[0].text.replace('"kind":"opened"', '"kind":"erased"'), "erased"),
        (a_chain([{}])[0].text.replace("2026", "soon"), "soon"),
        (a_chain([{}])[0].text.replace("+00:00", ""), "no time zone"),
    ],
)
def test_what_is_no_entry_is_said_to_be_none(text: str, problem: str) -> None:
    with pytest.raises(LedgerBroken, match=problem):
        unseal(text)


def test_numbers_that_json_does_not_have_are_not_written() -> None:
    with pytest.raises(ValueError, match="JSON"):
        a_chain([{"score": float("nan")}])


def test_an_entry_is_ascii_whatever_a_log_says() -> None:
    (sealed,) = a_chain([{"text": "\ud800 ü 𝕏"}])
    assert json.loads(sealed.text)["data"]["text"] == "\ud800 ü 𝕏" and sealed.text.isascii()
