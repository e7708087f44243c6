"""Fingerprints: stable over what varies from run to run, different where the failure is."""

from datetime import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from selfheal.diagnose.offline import diagnose_log

NUMBER = st.integers(0, 10**9)
HEX = st.text("0123456789abcdef", min_size=8, max_size=40).filter(
    lambda text: any(char.isdigit() for char in text) and any(char.isalpha() for char in text)
)
NOISE = st.lists(st.text("abcdefgh ", max_size=30).filter(lambda text: "fed" not in text), max_size=30)
MOMENT = st.datetimes(datetime(2000, 1, 1), datetime(2090, 1, 1)).map(
    lambda moment: f"{moment:%Y-%m-%dT%H:%M:%S}.123Z "
)
FAILURES = [
    "open /tmp/{hex}/lock: No space left on device (pid {number})",
    "src/cart.c:{number}:7: error: expected expression",
    "npm error network request to https://registry.example.org/a failed, reason: ECONNRESET (attempt {number})",
    "fatal: couldn't find remote ref {hex}",
]


def of(line: str, before: list[str], moment: str) -> str:
    lines = [*before, f"{moment}{line}", f"{moment}Command did not exit successfully make exit status 2"]
    return diagnose_log("\n".join(lines)).fingerprint


@pytest.mark.parametrize("failure", FAILURES)
@settings(max_examples=25)
@given(numbers=st.tuples(NUMBER, NUMBER), ids=st.tuples(HEX, HEX), before=st.tuples(NOISE, NOISE), at=MOMENT)
def test_equal_whatever_number_id_time_and_place_in_the_log(
    failure: str, numbers: tuple[int, int], ids: tuple[str, str], before: tuple[list[str], list[str]], at: str
) -> None:
    first, second = (
        of(failure.format(number=number, hex=name), noise, moment)
        for number, name, noise, moment in zip(numbers, ids, before, ("", at), strict=True)
    )
    assert first == second


def test_different_failures_have_different_fingerprints() -> None:
    found = {of(failure.format(number=1, hex="ab12ab12"), [], "") for failure in FAILURES}
    assert len(found) == len(FAILURES)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (
            "api error AccessDenied: RequestID: K2V8ZQ4T7M1N0XPB, HostID: 3kq+Zz/9sYx1b0aPqLr7VnW2cFhT8=, no",
            "api error AccessDenied: RequestID: 9QWERTYBZXCVXXNM, HostID: Aa1+bB2/cC3dD4eE5fF6gGxhHxiIx=, no",
        ),
        ("error: pod till-7d9c6b5f4-x2x9k: OOMKilled", "error: pod till-5b8f7c9d66-qkmlp: OOMKilled"),
        ("Agent build-pod-7xk2l-9q2dv was deleted", "Agent build-pod-4hj8s-7zztp was deleted"),
    ],
)
def test_equal_whatever_request_or_pod(one: str, other: str) -> None:
    assert of(one, [], "") == of(other, [], "")


def test_words_with_hyphens_are_no_names_of_pods() -> None:
    assert of("error: read-write-error", [], "") != of("error: read-append-error", [], "")


ROOTS = [
    "/codebuild/output/src1657406599/src/",
    "/codebuild/output/src32/src/github.com/acme/till/",
    "/codebuild/output/src32/src/git-codecommit.eu-west-1.amazonaws.com/v1/repos/till/",
    "/tmp/codebuild/output/src32/src/",
    "/home/runner/work/till/till/",
    "/Users/runner/work/till/till/",
    "/__w/till/till/",
    "/opt/actions-runner/_work/till/till/",
    "D:\\a\\till\\till\\",
    "/github/workspace/",
    "/builds/acme/till/",
    "/home/gitlab-runner/builds/Ab1cD2eF/0/acme/till/",
    "/var/lib/jenkins/workspace/till_main/",
    "/var/lib/jenkins/workspace/till_main@2/",
    "/var/jenkins_home/workspace/till/",
    "/home/jenkins/agent/workspace/till_PR-4/",
    "C:\\ProgramData\\Jenkins\\.jenkins\\workspace\\till\\",
    "C:\\a\\1\\s\\",
    "/home/vsts/work/2/s/",
    "/agent/_work/1/s/",
    "/home/circleci/project/",
    "/home/travis/build/acme/till/",
    "/opt/atlassian/pipelines/agent/build/",
    "/var/lib/buildkite-agent/builds/agent-7/acme/till/",
    "/workspace/",
    "file:///home/runner/work/till/till/",
]


@pytest.mark.parametrize("root", ROOTS)
@pytest.mark.parametrize("line", ["{}src/cart.c:7:3: error: expected ';'", "FAIL {}src/cart.test.ts"])
def test_equal_wherever_the_source_was_checked_out(root: str, line: str) -> None:
    assert of(line.format(root), [], "") == of(line.format(""), [], "")


@pytest.mark.parametrize("root", ROOTS)
def test_files_below_a_root_are_told_apart(root: str) -> None:
    one, other = (f"{root}{path}:7:3: error: expected ';'" for path in ("src/cart.c", "lib/cart.c"))
    assert of(one, [], "") != of(other, [], "")


def test_a_folder_that_is_called_like_a_root_is_none() -> None:
    one, other = (f"packages/{name}/builds/a/b/c.c:7:3: error: expected ';'" for name in ("web", "till"))
    assert of(one, [], "") != of(other, [], "")
