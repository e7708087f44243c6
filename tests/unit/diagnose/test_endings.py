"""Ends of logs as many tools write them: the whole diagnosis names the cause, and retries nothing that lasts."""

import tomllib
from pathlib import Path

import pytest

from selfheal.diagnose.offline import diagnose_log
from selfheal.domain.diagnosis import Cause

ENDINGS = tomllib.loads(Path(__file__).with_name("endings.toml").read_text("utf-8"))["ending"]
LASTING = {
    Cause.SOURCE_ERROR,
    Cause.CANCELLED,
    Cause.TEST_FAILURE,
    Cause.COMPILE_ERROR,
    Cause.LINT_QUALITY,
    Cause.DEPENDENCY_RESOLUTION,
    Cause.CONFIG_ERROR,
    Cause.AUTH_PERMISSION,
    Cause.DEPLOY_FAILURE,
    Cause.UNKNOWN,
}


@pytest.mark.parametrize(
    "ending", ENDINGS, ids=[f"{ending['cause']}-{n}" for n, ending in enumerate(ENDINGS)]
)
def test_the_end_of_a_log_names_the_cause(ending: dict[str, str]) -> None:
    found = diagnose_log(ending["text"])
    assert found.cause == ending["cause"], f"{found.source}: {found.summary}"
    if found.cause in LASTING:
        assert found.transient is not True


def test_every_cause_has_an_ending() -> None:
    assert {ending["cause"] for ending in ENDINGS} == set(Cause)
