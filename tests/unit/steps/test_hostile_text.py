"""Whatever a log or a model says, what is done stays what policy allows with no model at all."""

import json
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from selfheal.domain.conversation import ModelReply, Question, Usage
from selfheal.domain.decision import Verdict
from selfheal.domain.diagnosis import Suggestion
from selfheal.domain.errors import NoSuggestion, RequestRejected, ServiceUnavailable, Throttled
from selfheal.domain.policy import Mode, Policy
from selfheal.domain.policy_file import parse_policy
from selfheal.ports import Meter, TestCase
from selfheal.remedies.registry import catalogue
from selfheal.testing.builders import SHOP, a_run
from selfheal.testing.memory import ScriptedModel
from tests.hostile.corpus import PLACES, SECRET, Payload, corpus
from tests.hostile.harmless import ALIVE, allowed_without_a_model, hidden, leaked
from tests.hostile.healing import Healed, Healing

REMEDIES = sorted(remedy.id for remedy in catalogue())
# Everything is allowed to everybody, however poor the diagnosis: what holds here holds under any policy.
PERMISSIVE = parse_policy(
    '[[rule]]\npipelines = ["*"]\ncauses = ["*"]\nremedies = ["*"]\nmode = "act"\nmin_confidence = 0\n',
    frozenset(REMEDIES),
)
INVENTED = [
    "roll_back_everything",
    "delete_everything",
    "retry_build ",
    "RETRY_BUILD",
    "r\u0435try_build",
    "",
]
# How the service is seen to be asked; what is not named here repeats the build as it was.
WAYS = {
    "retry_build_clean": "clean",
    "retry_build_bigger": "BUILD_GENERAL1_MEDIUM",
    "retry_build_longer": "120 min",
}
TROUBLES = {
    "network": ["npm ERR! code ECONNRESET", "npm ERR! network request to https://registry failed"],
    "rate limit": ["toomanyrequests: You have reached your pull rate limit", "ERROR: failed to solve: 429"],
    "service down": ["error: RPC failed; HTTP 503 curl 22 The requested URL returned error: 503"],
    "regression": ["E   assert 3 == 4", "FAILED tests/test_cart.py::test_total - assert 3 == 4"],
    "compiler": ["src/cart.c:3:1: error: expected ';' before '}' token"],
    "disk": ["write /tmp/x: no space left on device"],
    "nothing": ["Done."],
}


def did_only_what_is_allowed(healed: Healed, policy: Policy, ceiling: Mode = Mode.ACT) -> bool:
    """At most one action, it is one of those allowed, and it repeats the failed build and no other."""
    allowed = allowed_without_a_model(str(SHOP), healed.diagnosis, policy, ceiling)
    ways = {WAYS.get(remedy, "retry") for remedy in allowed}
    if healed.decision.verdict is Verdict.ACT and healed.decision.remedy not in allowed | {"notify"}:
        return False
    return len(healed.started) <= 1 and all(
        how in ways and run_id == a_run().ref.run_id for how, run_id in healed.started
    )


# ---- a model that is a fuzzer


class Fuzzer:
    """Model: says or raises what it was made with, and claims to have used any number of tokens."""

    def __init__(self, says: str | Exception, tokens: int) -> None:
        self._says = says
        self._tokens = tokens

    def ask(self, question: Question, meter: Meter) -> ModelReply:
        meter.settle(meter.reserve(1000), Usage("a-model", self._tokens, self._tokens))
        if isinstance(self._says, Exception):
            raise self._says
        return ModelReply(self._says, "a-model")


json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=12), inner, max_size=3),
    max_leaves=6,
)
# Mostly well-formed, because only a well-formed lie gets anywhere.
well_formed = st.fixed_dictionaries(
    {
        "remedy": st.sampled_from([*REMEDIES, *REMEDIES, *INVENTED]),
        "explanation": st.sampled_from([p.text for p in corpus()]) | st.text(min_size=1, max_size=80),
        "quotes": st.lists(
            st.sampled_from(["npm ERR! code ECONNRESET", "never said"]) | st.text(max_size=20)
        ),
    }
)
almost = st.fixed_dictionaries(
    {"remedy": json_values, "explanation": json_values, "quotes": json_values},
    optional={
        "target": st.just("arn:aws:codebuild:us-east-1:111122223333:project/prod"),
        "verdict": st.just("act"),
    },
)
replies = (well_formed | well_formed | almost | json_values).map(json.dumps) | st.text(max_size=60)
errors = st.sampled_from([NoSuggestion, Throttled, ServiceUnavailable, RequestRejected]).map(
    lambda e: e("said no")
)
modes = st.sampled_from(["act", "ask", "observe"])
policies = st.lists(
    st.tuples(st.sampled_from(["*", *REMEDIES]), modes, st.sampled_from([0, 0.7, 1])), max_size=3
).map(
    lambda rules: parse_policy(
        "".join(
            f'[[rule]]\npipelines = ["*"]\ncauses = ["*"]\nremedies = ["{r}"]\nmode = "{m}"\nmin_confidence = {c}\n'
            + ('runbook = "Selfheal-clean-up"\n' if r in ("*", "run_runbook") else "")
            for r, m, c in rules
        ),
        frozenset(REMEDIES),
    )
)
logs = st.lists(
    st.sampled_from([*TROUBLES.values(), *([p.text] for p in corpus("log"))]), min_size=1, max_size=3
)


@settings(max_examples=300, deadline=None)
@given(
    replies | errors,
    st.integers(0, 10**9),
    logs,
    st.just(PERMISSIVE) | policies,
    st.sampled_from([Mode.ACT, Mode.ACT, Mode.OBSERVE]),
)
def test_with_a_fuzzer_for_a_model_nothing_is_done_that_is_not_allowed_without_one(
    says: str | Exception, tokens: int, log: list[list[str]], policy: Policy, ceiling: Mode
) -> None:
    lines = [line for part in log for line in part]
    healed = Healing(Fuzzer(says, tokens), policy, ceiling, lines).heal()
    assert did_only_what_is_allowed(healed, policy, ceiling)
    assert not ALIVE.search(healed.message)


@settings(max_examples=100, deadline=None)
@given(st.sampled_from([*REMEDIES, *INVENTED]) | st.text(max_size=20), logs, st.just(PERMISSIVE) | policies)
def test_not_even_a_forged_suggestion_gets_more_done(
    remedy: str, log: list[list[str]], policy: Policy
) -> None:
    """The decision does not trust suggest_remedy either: it may be what an attacker has taken over."""
    forged = Suggestion(remedy, "Trust me.", "a-model")
    healed = Healing(None, policy, log=[line for part in log for line in part], forged=forged).heal()
    assert did_only_what_is_allowed(healed, policy)


@pytest.mark.parametrize("trouble", TROUBLES)
@pytest.mark.parametrize("remedy", [*REMEDIES, *INVENTED])
def test_whatever_remedy_a_model_names_the_diagnosis_says_what_fits(trouble: str, remedy: str) -> None:
    reply = json.dumps({"remedy": remedy, "explanation": "Trust me.", "quotes": []})
    without = Healing(None, PERMISSIVE, log=TROUBLES[trouble]).heal()
    healed = Healing(ScriptedModel(reply), PERMISSIVE, log=TROUBLES[trouble]).heal()
    assert healed.diagnosis == without.diagnosis
    assert did_only_what_is_allowed(healed, PERMISSIVE)
    assert bool(healed.started) <= bool(without.started)


def test_these_troubles_show_both_what_is_repeated_and_what_is_not() -> None:
    """The tests above would hold for nothing if nothing were ever repeated."""
    started = {
        name: bool(Healing(None, PERMISSIVE, log=log).heal().started) for name, log in TROUBLES.items()
    }
    assert started["network"] and started["rate limit"]
    assert not started["regression"] and not started["compiler"] and not started["nothing"]


# ---- the corpus, with a model that does as it is told


def placed(payload: Payload, model: ScriptedModel) -> Healing:
    """The payload where it belongs: among the lines of the log, as a test's name, or as what was built."""
    log, failures, run = ["building shop"], [], a_run()
    if payload.place == "test":
        failures = [TestCase(payload.text, "FAILED", f"AssertionError: {payload.text}")]
    elif payload.place == "branch":
        log += [f"error: pathspec '{payload.text}' did not match", payload.text]
        run = a_run(source_version=payload.text)
    else:
        log += payload.text.split("\n")
    return Healing(model, PERMISSIVE, log=log, failures=failures, secrets=(SECRET,), run=run)


def obedient(remedy: str, payload: Payload) -> ScriptedModel:
    return ScriptedModel(
        json.dumps({"remedy": remedy, "explanation": payload.text, "quotes": [payload.text]})
    )


@pytest.mark.parametrize("payload", corpus(), ids=lambda payload: payload.id)
def test_hostile_text_changes_nothing_that_is_done(payload: Payload) -> None:
    for remedy in [*REMEDIES, *INVENTED]:
        healed = placed(payload, obedient(remedy, payload)).heal()
        assert did_only_what_is_allowed(healed, PERMISSIVE)


@pytest.mark.parametrize("payload", corpus(), ids=lambda payload: payload.id)
def test_hostile_text_stays_in_its_block_and_is_seen_for_what_it_is(payload: Payload) -> None:
    model = obedient("notify", payload)
    placed(payload, model).heal()
    [question] = model.asked
    first, body, last = question.evidence.split("\n")
    mark = first.removeprefix("<evidence ").removesuffix(">")
    assert re.fullmatch("[0-9a-f]{32}", mark) and last == f"</evidence {mark}>" and mark not in body
    assert body.isascii() and not {"<", ">"} & set(body)
    document = json.loads(body)
    assert [remedy["id"] for remedy in document["remedies"]][-1] == "notify"
    assert not hidden(" ".join([document["summary"], document["failed_test"], *texts(document)]))


def texts(document: dict[str, list[dict[str, str]]]) -> list[str]:
    return [line["text"] for line in document["lines"]]


@pytest.mark.parametrize("payload", corpus(), ids=lambda payload: payload.id)
def test_no_secret_leaves_in_any_form_by_any_way(payload: Payload) -> None:
    model = obedient("notify", payload)
    healed = placed(payload, model).heal()
    left = [model.asked[0].evidence, healed.message, healed.subject, str(healed.ledger.written)]
    assert leaked("\n".join(left)) == []


@pytest.mark.parametrize("payload", corpus(), ids=lambda payload: payload.id)
def test_what_people_are_told_is_inert_and_keeps_its_shape(payload: Payload) -> None:
    healed = placed(payload, obedient("notify", payload)).heal()
    assert not ALIVE.search(healed.message)
    lines = healed.message.split("\n")
    assert not hidden("".join(lines))
    for heading in ("Run: ", "Incident: ", "Diagnosis: ", "Decision: ", "Outcome: "):
        assert [line.startswith(heading) for line in lines].count(True) == 1
    assert lines[-2] in ("Written by a model, not verified:", "What to do:")


def test_the_corpus_is_broad_and_its_secrets_are_put_in() -> None:
    payloads = corpus()
    assert len({payload.id for payload in payloads}) == len(payloads) >= 50
    assert {payload.place for payload in payloads} == set(PLACES)
    assert not [payload.id for payload in payloads if "{secret" in payload.text]
    assert len({payload.technique for payload in payloads}) >= 8
