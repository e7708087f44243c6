"""Whose words each pattern is: a named public source, or common wording, and nothing else."""

import re
import tomllib
from importlib.resources import files

from selfheal.diagnose.signatures import bundled

SOURCES: dict[str, str] = tomllib.loads(
    files("selfheal.diagnose").joinpath("sources.toml").read_text("utf-8")
)
COMMON = "common wording"


def used() -> set[str]:
    return {source for signature in bundled() for source in signature.sources}


def test_every_pattern_has_a_source_that_is_described() -> None:
    assert used() <= set(SOURCES)
    assert all(len(signature.sources) == len(signature.patterns) for signature in bundled())


def test_no_source_is_described_for_nothing() -> None:
    assert set(SOURCES) <= used()


def test_a_source_says_where_it_can_be_looked_up() -> None:
    """A repository, a site, a manual page, a code of its own or a publication: more than its own name."""
    for source, where in SOURCES.items():
        assert source == COMMON or re.search(r"[\w-]/[\w-]|\w\.\w|\(\d\)|[:,;]", where), source
        assert len(where) > len(source) + 5 or source == COMMON, source


def test_most_patterns_have_an_owner() -> None:
    """Common wording is for what no tool owns: the patterns that are easiest to fit to a log that was read."""
    all_of_them = [source for signature in bundled() for source in signature.sources]
    assert all_of_them.count(COMMON) <= 0.2 * len(all_of_them)


def test_no_pattern_is_there_twice_in_a_signature() -> None:
    for signature in bundled():
        assert len(set(signature.patterns)) == len(signature.patterns), signature.id
