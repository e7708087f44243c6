"""The signature file and how matches are weighed."""

import pytest

from selfheal.diagnose.redact import Redactor
from selfheal.diagnose.signatures import Match, Signature, best, bundled, matches, parse, words_of
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
tools = ["any"]
patterns = ['(?i)no route']
examples = ["No Route"]
"""


def winner(*texts: str, failure: int | None = None) -> Match | None:
    lines = [LogLine(number, text) for number, text in enumerate(texts, 1)]
    return best(matches(bundled(), lines), len(lines) - 1 if failure is None else failure)


def named(match: Match | None) -> str:
    return match.signature.id if match else ""


def examples() -> list[tuple[Signature, str]]:
    return [(signature, example) for signature in bundled() for example in signature.examples]


EXAMPLES = pytest.mark.parametrize(
    ("signature", "example"), examples(), ids=[f"{s.id}-{n}" for n, (s, _) in enumerate(examples())]
)


@EXAMPLES
def test_every_signature_wins_on_its_examples(signature: Signature, example: str) -> None:
    texts = [example, FAILED_TEST] if signature.needs_test else [example]
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
    texts = [Redactor().redact(example), *([FAILED_TEST] if signature.needs_test else [])]
    assert named(winner(*texts)) == signature.id


def test_every_family_of_tools_has_a_signature() -> None:
    """The tools whose failures people meet most often; a signature says in ``tools`` whose words it knows."""
    known = {tool for signature in bundled() for tool in signature.tools}
    assert known >= {
        *(
            "pip",
            "uv",
            "Poetry",
            "npm",
            "yarn",
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
            "Go test",
            "RSpec",
            "PHPUnit",
            "ESLint",
            "mypy",
            "tsc",
            "rustc",
            "javac",
        ),
        *("gcc", "clang", "CMake", "Bazel", "MSBuild", "AWS CLI", "Selenium", "GitLab", "Jenkins", "Travis"),
        *("GitHub Actions", "Taskcluster", "CodeBuild", "CodePipeline", "CodeDeploy"),
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


def test_the_environment_outranks_what_it_broke() -> None:
    assert (
        named(winner("c: No space left on device", "main.go:3:1: undefined: x", FAILED_TEST)) == "disk-full"
    )


def test_a_recovered_fault_far_from_the_failure_loses() -> None:
    early = ["curl: (6) Could not resolve host: h.example", *["fine"] * 500]
    assert named(winner(*early, "src/app.c:1:1: error: expected expression")) == "c-compiler"


def test_what_follows_the_failed_command_is_its_consequence() -> None:
    texts = [
        "HEAD request to https://r.example: 429 Too Many Requests",
        "Command did not exit successfully docker build",
        "An image does not exist locally with the tag: shop",
    ]
    assert named(winner(*texts, failure=1)) == "registry-rate-limit"


def test_warnings_and_echoed_commands_prove_nothing() -> None:
    assert winner("WARNING: Retrying after connection broken: Connection reset by peer") is None
    assert winner("$ shellcheck bin/run && ruff check", "+ npm run lint failed") is None
    assert winner('The command "npm run lint" exited with 0.') is None


def test_marks_of_a_flake_count_only_near_a_failed_test() -> None:
    assert named(winner("E: Address already in use", *["x"] * 5, FAILED_TEST)) == "test-race"
    assert named(winner("E: Address already in use", *["x"] * 80, FAILED_TEST)) == "pytest"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("CartTest > totalUnderLoad[3]", "cart test total under load"),
        ("tests/test_pool.py::test_HTTPServer_shutdown", "tests test pool py test http server shutdown"),
    ],
)
def test_the_name_of_a_test_is_read_as_words(name: str, words: str) -> None:
    assert words_of(name) == words


def test_a_name_that_speaks_of_time_or_threads_makes_a_failed_test_a_likely_flake() -> None:
    found = winner("--- FAIL: TestPoolShutdown (0.01s)", *["x"] * 90, "FAIL\texample.org/pool\t0.3s")
    assert named(found) == "test-name"


def test_one_failed_test_with_an_ordinary_name_decides() -> None:
    found = winner("--- FAIL: TestPoolShutdown (0.01s)", "--- FAIL: TestTotal (0.01s)")
    assert found is not None
    assert found.signature.cause is Cause.TEST_FAILURE


def test_one_of_hundreds_is_a_likely_flake_and_two_are_not() -> None:
    assert named(winner("not ok 1204 cart/test-totals")) == "lone-of-hundreds"
    assert named(winner("not ok 1204 cart/test-totals", "not ok 1311 cart/test-sums")) != "lone-of-hundreds"
    assert named(winner("not ok 12 cart/test-totals")) != "lone-of-hundreds"


def test_what_broke_the_tests_outranks_what_they_are_called() -> None:
    assert (
        named(winner("write: No space left on device", "--- FAIL: TestPoolShutdown (0.01s)")) == "disk-full"
    )


def test_a_test_that_failed_on_every_rerun_is_genuine() -> None:
    assert (
        named(winner("RERUN tests/test_a.py::test_b", "Test failed consistently", FAILED_TEST))
        == "failed-consistently"
    )


@pytest.mark.parametrize(
    ("line", "test"),
    [
        (FAILED_TEST, "tests/test_cart.py::test_total"),
        ("    --- FAIL: TestCart/empty (0.00s)", "TestCart/empty"),
        ("test cart::tests::adds_up ... FAILED", "cart::tests::adds_up"),
        ("not ok 17 - adds up", "adds up"),
        ("FAIL: test_total (tests.CartTests)", "test_total"),
        ("rspec ./spec/cart_spec.rb:13 # Cart adds up", "Cart adds up"),
        ("1) CartTest::testTotal", "CartTest::testTotal"),
        ("CartTest#test_total [test/cart_test.rb:12]:", "CartTest#test_total"),
        ("addsUp(org.demo.CartTest)  Time elapsed: 0.1 sec  <<< FAILURE!", "addsUp(org.demo.CartTest)"),
    ],
)
def test_the_failed_test_is_named(line: str, test: str) -> None:
    found = winner(line)
    assert found is not None
    assert found.test == test


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ('cause = "network"', 'cause = "gremlins"', "one: cause 'gremlins'"),
        ("confidence = 0.9", "confidence = 2.0", "one: confidence"),
        ("priority = 80", 'priority = "80"', "one: priority must be int"),
        ("priority = 80", "priority = 80\nretry = true", "one: unknown field 'retry'"),
        ('examples = ["No Route"]', "", "one: field 'examples' is missing"),
        ('tools = ["any"]', "tools = []", "one: tools must be a list of at least one text"),
        ("['(?i)no route']", "['(?i)no route', 7]", "one: patterns must be a list of at least one text"),
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
