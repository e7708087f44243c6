import json
from pathlib import Path

import pytest

from local.errors import InvalidState
from local.state import CloudState, environment, forget, load, save

STATE = CloudState(
    ministack_url="http://127.0.0.1:4566",
    devtools_url="http://127.0.0.1:4567",
    pids={"ministack": 11, "devtools": 12},
    outputs={"TableName": "table"},
)


def test_a_saved_state_is_loaded_as_it_was(tmp_path: Path) -> None:
    save(tmp_path, STATE)
    assert load(tmp_path) == STATE


def test_there_is_no_state_before_saving_and_after_forgetting(tmp_path: Path) -> None:
    assert load(tmp_path) is None
    save(tmp_path, STATE)
    forget(tmp_path)
    forget(tmp_path)
    assert load(tmp_path) is None


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"pids": None}, "pids"),
        ({"pids": {"ministack": "11"}}, "pids"),
        ({"outputs": ["table"]}, "outputs"),
        ({"region": 3}, "region"),
        ({"more": 1}, "'more'"),
    ],
)
def test_a_state_that_cannot_be_used_names_the_field_and_the_fix(
    tmp_path: Path, change: dict[str, object], named: str
) -> None:
    save(tmp_path, STATE)
    path = tmp_path / "cloud.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **change}))
    with pytest.raises(InvalidState, match="delete") as caught:
        load(tmp_path)
    assert named in str(caught.value)


@pytest.mark.parametrize("text", ["{", "[]", "{}"])
def test_a_damaged_state_file_says_to_delete_it(tmp_path: Path, text: str) -> None:
    (tmp_path / "cloud.json").write_text(text)
    with pytest.raises(InvalidState, match="delete"):
        load(tmp_path)


def test_the_environment_replaces_every_aws_setting_of_the_user(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "production")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "token-of-somebody")
    monkeypatch.setenv("SOMETHING_ELSE", "kept")
    found = environment(STATE)
    assert "AWS_PROFILE" not in found
    assert "AWS_SESSION_TOKEN" not in found
    assert found["SOMETHING_ELSE"] == "kept"
    assert found["AWS_ENDPOINT_URL"] == STATE.ministack_url
    assert found["AWS_ENDPOINT_URL_CODEBUILD"] == STATE.devtools_url


def test_developer_tools_have_an_address_of_their_own() -> None:
    assert STATE.endpoint("codebuild") == STATE.devtools_url
    assert STATE.endpoint("dynamodb") == STATE.ministack_url
