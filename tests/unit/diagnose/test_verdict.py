"""How matches are weighed: which of them explains the failure."""

import pytest

from selfheal.diagnose.signatures import Match, bundled, matches, words_of
from selfheal.diagnose.verdict import best
from selfheal.domain.diagnosis import Cause
from selfheal.ports import LogLine

FAILED_TEST = "FAILED tests/test_cart.py::test_total - x"


def winner(*texts: str, failure: int | None = None) -> Match | None:
    lines = [LogLine(number, text) for number, text in enumerate(texts, 1)]
    return best(matches(bundled(), lines), len(lines) - 1 if failure is None else failure, lines)


def named(match: Match | None) -> str:
    return match.signature.id if match else ""


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
    "said",
    [
        "gateway answered 503 Service Unavailable, trying again",
        "requests.exceptions.ConnectionError: Connection reset by peer",
        "fetch failed: connect ECONNREFUSED 127.0.0.1:5432",
        "TimeoutError: the read operation timed out",
        "HTTP Error 429: Too Many Requests",
    ],
)
def test_what_a_failed_test_says_of_networks_and_services_is_no_reason_to_try_again(said: str) -> None:
    found = winner("test_pay logged:", said, "E   assert 200 == 502", FAILED_TEST)
    assert found is not None
    assert found.signature.cause is Cause.TEST_FAILURE


def test_marks_of_a_flake_do_not_count_beside_a_comparison() -> None:
    mark = "OSError: [Errno 98] Address already in use"
    assert named(winner(mark, FAILED_TEST)) == "test-race"
    assert named(winner(mark, "E   assert 19 == 20", FAILED_TEST)) == "pytest"


def test_code_that_a_traceback_shows_compares_nothing() -> None:
    shown = [
        "    assert stock('a1') == 4",
        "  > 9 |  expect(stock).toBe(4)",
        "TimeoutError: timed out waiting for the inventory service after 0.3 s",
    ]
    assert named(winner(*shown, FAILED_TEST)) == "test-timing"


def test_a_comparison_that_is_the_mark_itself_counts() -> None:
    late = "AssertionError: drain took 2.31 s, limit 1.50 s to equal"
    assert named(winner(late, FAILED_TEST)) == "test-timing"


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
    assert named(found) == "test-name-hint"


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
