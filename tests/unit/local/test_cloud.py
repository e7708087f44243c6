import fcntl
from pathlib import Path

import pytest

from local.cloud import LocalCloud
from local.errors import CloudBusy, CloudNotRunning
from local.progress import Stage, Step
from local.state import CloudState, load, save

GONE = CloudState(
    "http://127.0.0.1:9", "http://127.0.0.1:9", pids={"ministack": 1}, outputs={"TableName": "t"}
)


def test_a_cloud_that_was_never_started_is_not_running(tmp_path: Path) -> None:
    cloud = LocalCloud(tmp_path)
    status = cloud.status()
    assert (status.state, status.running, status.processes) == (None, False, 0)
    with pytest.raises(CloudNotRunning, match="selfheal local up"):
        cloud.running()


def test_a_state_left_by_a_crash_does_not_count_as_running(tmp_path: Path) -> None:
    save(tmp_path, GONE)
    cloud = LocalCloud(tmp_path)
    assert not cloud.status().running
    with pytest.raises(CloudNotRunning):
        cloud.running()


def test_down_forgets_the_state_and_says_what_it_did(tmp_path: Path) -> None:
    save(tmp_path, GONE)
    steps: list[Step] = []
    assert LocalCloud(tmp_path).down(steps.append) == 0
    assert load(tmp_path) is None
    assert [step.stage for step in steps] == [Stage.RUNNING, Stage.DONE]
    assert steps[-1].detail == "nothing was running"


def test_two_commands_do_not_start_or_stop_at_the_same_time(tmp_path: Path) -> None:
    with (tmp_path / "lock").open("w") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(CloudBusy, match="wait"):
            LocalCloud(tmp_path).down(lambda step: None)


def test_a_visit_has_parameters_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    deployed: list[dict[str, str]] = []

    def deploy(home: Path, state: CloudState, parameters: dict[str, str]) -> dict[str, str]:
        deployed.append(parameters)
        return {}

    monkeypatch.setattr("local.cloud.deploy.begin_build", lambda home: None)
    monkeypatch.setattr("local.cloud.deploy.finish_build", lambda building: None)
    monkeypatch.setattr("local.cloud.deploy.deploy", deploy)
    monkeypatch.setattr("local.cloud.start_servers", lambda *_: GONE)
    cloud = LocalCloud(tmp_path, parameters={"Mode": "act", "AlertBudget": "9"})
    with cloud.visit(lambda step: None, keep=False, parameters={"Mode": "ask"}):
        pass
    assert deployed == [{"Mode": "ask", "AlertBudget": "9"}]
