"""Reading buildspecs."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.devtools.buildspec import Buildspec, BuildspecError, PhaseSpec, ReportSpec, parse_buildspec


def test_everything_the_simulator_knows_is_read() -> None:
    spec = parse_buildspec(
        """
        version: 0.2
        run-as: builder
        env:
          shell: bash
          variables: {RETRIES: 3, VERBOSE: true}
          exported-variables: [VERSION]
        phases:
          install: {runtime-versions: {python: 3.13}}
          build: {commands: [make, make check], finally: [make clean], on-failure: CONTINUE}
        reports:
          unit: {files: ['**/*.xml'], base-directory: out, file-format: JUNITXML}
        cache: {paths: ['.cache/**/*']}
        artifacts: {files: ['dist/*']}
        """
    )
    assert spec == Buildspec(
        phases={
            "install": PhaseSpec(),
            "build": PhaseSpec(("make", "make check"), ("make clean",), "CONTINUE"),
        },
        variables={"RETRIES": "3", "VERBOSE": "true"},
        exported=("VERSION",),
        shell="bash",
        reports={"unit": ReportSpec(("**/*.xml",), "out")},
        cache_paths=(".cache/**/*",),
        ignored=("run-as",),
    )


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "expected a mapping at the top"),
        ("version: 0.1\nphases: {build: {commands: [make]}}", "version: expected 0.2, found 0.1"),
        ("version: 0.2", "phases: expected at least one"),
        ("version: 0.2\nphases: {test: {commands: [make]}}", "phases.test: expected one of install"),
        ("version: 0.2\nphases: {build: {commands: make}}", "phases.build.commands: expected a list"),
        (
            "version: 0.2\nphases: {build: {commands: [{a: b}]}}",
            r"phases.build.commands\[0\]: expected a string",
        ),
        ("version: 0.2\nphases: {build: {on-failure: RETRY}}", "on-failure: expected one of ABORT, CONTINUE"),
        ("version: 0.2\nenv: {shell: fish}\nphases: {build: {}}", "env.shell: expected one of"),
        (
            "version: 0.2\nenv: {secrets-manager: {A: b}}\nphases: {build: {}}",
            "env.secrets-manager: not offered",
        ),
        ("version: 0.2\nenv: {exported-variables: ['a b']}\nphases: {build: {}}", "not a variable's name"),
        (
            "version: 0.2\nphases: {build: {}}\nreports: {u: {file-format: NUNITXML}}",
            "file-format: the simulator",
        ),
    ],
)
def test_a_wrong_buildspec_is_refused_by_the_key_at_fault(text: str, complaint: str) -> None:
    with pytest.raises(BuildspecError, match=complaint):
        parse_buildspec(text)


KEYS = st.sampled_from(
    ["version", "env", "phases", "build", "commands", "reports", "cache", "paths", "shell"]
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=5) | st.just(0.2),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(KEYS, VALUES, max_size=5))
def test_any_document_is_read_or_refused_but_never_breaks_the_reader(document: dict[str, object]) -> None:
    import yaml

    try:
        assert parse_buildspec(yaml.safe_dump(document | {"version": 0.2})).phases
    except BuildspecError as error:
        assert str(error)
