"""The signature file and how matches are weighed."""

import pytest

from selfheal.diagnose.redact import Redactor
from selfheal.diagnose.signatures import Match, Signature, bundled, matches, parse
from selfheal.diagnose.verdict import best
from selfheal.domain.diagnosis import Cause, Suspect
from selfheal.domain.errors import InvalidSignature
from selfheal.ports import LogLine

FAILED_TEST = "FAILED tests/test_cart.py::test_total - x"
GOOD = """
[[signature]]
id = "one"
cause = "network"
confidence = 0.9
priority = 80
examples = ["No Route"]
patterns = { Linux = ['(?i)no route'] }
"""


def winner(*texts: str, failure: int | None = None) -> Match | None:
    lines = [LogLine(number, text) for number, text in enumerate(texts, 1)]
    return best(matches(bundled(), lines), len(lines) - 1 if failure is None else failure, lines)


def named(match: Match | None) -> str:
    return match.signature.id if match else ""


def examples() -> list[tuple[Signature, str]]:
    return [(signature, example) for signature in bundled() for example in signature.examples]


EXAMPLES = pytest.mark.parametrize(
    ("signature", "example"), examples(), ids=[f"{s.id}-{n}" for n, (s, _) in enumerate(examples())]
)


@EXAMPLES
def test_every_signature_wins_on_its_examples(signature: Signature, example: str) -> None:
    texts = [FAILED_TEST, example] if signature.needs_test else [example]
    assert named(winner(*texts)) == signature.id


@EXAMPLES
def test_no_example_is_claimed_for_another_cause_as_strongly(signature: Signature, example: str) -> None:
    rivals = [match.signature for match in matches(bundled(), [LogLine(1, example)])]
    assert not [
        rival.id
        for rival in rivals
        if rival.cause is not signature.cause
        and rival.priority >= signature.priority
        and not rival.needs_test
    ]


@EXAMPLES
def test_redaction_leaves_what_a_signature_needs(signature: Signature, example: str) -> None:
    texts = [*([FAILED_TEST] if signature.needs_test else []), Redactor().redact(example)]
    assert named(winner(*texts)) == signature.id


def test_every_family_of_tools_has_a_signature() -> None:
    """The tools whose failures people meet most often."""
    known = {source for signature in bundled() for source in signature.sources}
    assert known >= {
        *(
            "pip",
            "uv",
            "Poetry",
            "npm",
            "Yarn",
            "pnpm",
            "Maven",
            "Gradle",
            "Cargo",
            ".NET",
            "NuGet",
            "Bundler",
        ),
        *("Docker", "BuildKit", "ECR", "Docker Hub", "git", "apt", "Terraform", "CDK", "CloudFormation"),
        *(
            "pytest",
            "Jest",
            "JUnit",
            "Go",
            "RSpec",
            "PHPUnit",
            "ESLint",
            "mypy",
            "tsc",
            "rustc",
            "javac",
            "gcc",
        ),
        *("clang", "CMake", "Bazel", "AWS CLI", "Selenium", "GitLab", "Jenkins", "Travis", "GitHub Actions"),
        *("Taskcluster", "CodeBuild", "CodeDeploy", "Helm", "Kubernetes", "sbt", "Ninja", "GNU make", "SAM"),
    }


def test_there_is_a_signature_for_every_cause_a_log_can_show() -> None:
    causes = {signature.cause for signature in bundled()}
    assert causes == set(Cause) - {Cause.UNKNOWN}


def test_a_genuine_failure_is_never_called_transient() -> None:
    lasting = {
        Cause.COMPILE_ERROR,
        Cause.LINT_QUALITY,
        Cause.TEST_FAILURE,
        Cause.CONFIG_ERROR,
        Cause.AUTH_PERMISSION,
    }
    assert {signature.transient for signature in bundled() if signature.cause in lasting} == {False}


def test_only_cache_signatures_suspect_the_cache_and_all_are_transient() -> None:
    suspecting = [signature for signature in bundled() if signature.suspect is Suspect.CACHE]
    assert suspecting
    assert all(signature.transient for signature in suspecting)


@pytest.mark.parametrize(
    "line",
    [
        "zipfile.BadZipFile: Bad magic number in /root/.cache/wheels/demo.whl",
        "Error reading /root/.m2/repository/org/demo/core/1.0/core-1.0.jar; zip END header not found",
        "cache: vendor.tar.gz checksum mismatch, expected 12ab got 34cd",
        "zlib: invalid block type while inflating /codebuild/local-cache/.cache/deps.gz",
    ],
)
def test_a_poisoned_cache_is_suspected(line: str) -> None:
    found = winner(line, "Command did not exit successfully make exit status 1")
    assert found is not None
    assert found.signature.suspect is Suspect.CACHE


@pytest.mark.parametrize(
    "line",
    [
        'ERROR: failed to compute cache key: failed to calculate checksum of ref ab::cd: "/app": not found',
        "Cache not found for input keys: linux-pip-12ab",
        "error: unable to download cache: access denied",
        "AssertionError: cache.get('a') returned 1, expected 2",
        "Restored cache in 2 s; verification of signatures failed: no key",
    ],
)
def test_a_word_about_a_cache_alone_accuses_nobody(line: str) -> None:
    found = winner(line)
    assert found is None or found.signature.suspect is Suspect.NONE


def test_a_checksum_mismatch_without_a_cache_is_no_cache_fault() -> None:
    found = winner("verifying example.org/lib@v1.2.0: checksum mismatch")
    assert found is not None
    assert found.signature.suspect is Suspect.NONE


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ('cause = "network"', 'cause = "gremlins"', "one: cause 'gremlins'"),
        ("confidence = 0.9", "confidence = 2.0", "one: confidence"),
        ("priority = 80", 'priority = "80"', "one: priority must be int"),
        ("priority = 80", "priority = 80\nretry = true", "one: unknown field 'retry'"),
        ('examples = ["No Route"]', "", "one: field 'examples' is missing"),
        ("Linux = ['(?i)no route']", "", "one: patterns must name at least one source"),
        ("['(?i)no route']", "[]", "one: Linux must be a list of at least one text"),
        ("['(?i)no route']", "['(?i)no route', 7]", "one: Linux must be a list of at least one text"),
        ("['(?i)no route']", "'no route'", "one: Linux must be a list of at least one text"),
        ("(?i)no route", "(no route", "one: not a regular expression for RE2"),
        ("[[signature]]", "[signature]", "own [[signature]] table"),
        ("[[signature]]", "[[signature", "not valid TOML"),
    ],
)
def test_a_broken_file_is_refused_by_name(before: str, after: str, said: str) -> None:
    with pytest.raises(InvalidSignature) as refused:
        parse(GOOD.replace(before, after))
    assert said in str(refused.value)


def test_an_id_is_used_once() -> None:
    with pytest.raises(InvalidSignature, match="one: the id is used twice"):
        parse(GOOD + GOOD)
