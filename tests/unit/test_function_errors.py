"""What leaves a function when it fails: the error's type and text, and never a secret."""

from collections.abc import Sequence
from typing import Any

import pytest

from selfheal.adapters.readers import ServiceReader
from selfheal.domain.errors import InvalidEvent, InvalidSetting, UnforeseenError
from selfheal.domain.policy import Mode
from selfheal.domain.run import RunRef
from selfheal.runtime import Runtime
from selfheal.settings import Settings
from selfheal.testing.builders import a_run
from selfheal.testing.service import FakeService
from tests.unit.test_functions import RUN, invoke, sample, world

__all__ = ["world"]


def test_an_error_is_logged_with_its_type_and_leaves_the_function(
    world: Runtime, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(InvalidEvent):
        invoke("notify", {"incident_id": 7})
    [logged] = [vars(record) for record in caplog.records]
    assert (logged["error_type"], logged["permanent"]) == ("InvalidEvent", True)


def test_an_unforeseen_error_leaves_redacted(world: Runtime, caplog: pytest.LogCaptureFixture) -> None:
    secret = "AKIA" + "Q3EGUZKTXAMPLE7A"

    class Chokes(FakeService):
        def read(self, ref: RunRef) -> Any:
            raise ValueError(f"cannot parse {secret}")

    vars(world)["reader"] = Chokes()
    with pytest.raises(UnforeseenError, match="ValueError: cannot parse") as caught:
        invoke("diagnose_failure", sample("diagnose_failure"))
    assert secret not in str(caught.value)
    [logged] = [vars(record) for record in caplog.records]
    assert logged["error_type"] == "ValueError" and "cannot parse" in logged["trace"]
    assert secret not in str(logged)


def test_an_unforeseen_error_does_not_quote_what_the_run_itself_keeps_secret(
    world: Runtime, caplog: pytest.LogCaptureFixture
) -> None:
    secret = "correct-horse-battery"

    class Quotes(FakeService):
        def failures(self, report_arns: Sequence[str], limit: int) -> Any:
            raise ValueError(f"cannot parse {secret}")

    service = Quotes()
    service.add(a_run(ref=RUN, secrets=(secret,), report_arns=("arn:report",)), "no")
    reader = ServiceReader(lambda: service, lambda: service, lambda: service)
    vars(world).update(reader=reader, reports=service, logs=service)
    with pytest.raises(UnforeseenError, match="ValueError: cannot parse") as caught:
        invoke("diagnose_failure", sample("diagnose_failure"))
    assert secret not in str(caught.value)
    assert secret not in str([vars(record) for record in caplog.records])


def test_a_setting_that_is_missing_is_named() -> None:
    with pytest.raises(InvalidSetting, match="SELFHEAL_ACTOR"):
        _ = Runtime(Settings({})).actor


@pytest.mark.parametrize("mode", list(Mode))
def test_the_stack_s_mode_is_the_ceiling_of_what_is_permitted(mode: Mode) -> None:
    assert Settings({"SELFHEAL_MODE": mode.value}).mode is mode


def test_a_mode_that_there_is_not_is_refused_by_name() -> None:
    with pytest.raises(InvalidSetting, match="SELFHEAL_MODE: must be observe, ask or act, not 'Act'"):
        _ = Settings({"SELFHEAL_MODE": "Act"}).mode
