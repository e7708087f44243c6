"""Decisions per second of the policy engine, beside Cedar's and beside a plain scan, in the same process in turn.

``make bench BENCH=policy``. Needs .venv-bench. Cedar (cedarpy) is the policy engine of Amazon Verified Permissions.
Every rule names pipelines of one team, two causes and one remedy; asked is about every team in turn, and about
pipelines that no rule names. The three must agree on every question; the command exits with 1 if they do not.
"""

import platform
import random
import sys
import time
from collections.abc import Callable, Sequence
from fnmatch import fnmatchcase
from statistics import median

from cedarpy import Entities, PolicySet, is_authorized

from selfheal.domain.decision import Verdict, chosen, decide
from selfheal.domain.diagnosis import Cause, Diagnosis
from selfheal.domain.incident import IncidentKind
from selfheal.domain.permission import Circumstances
from selfheal.domain.policy import Mode
from selfheal.domain.policy_file import parse_policy
from selfheal.domain.run import PipelineKey, Service
from selfheal.remedies.registry import catalogue
from selfheal.testing.builders import NOON

SIZES = (1, 100, 1000)
QUESTIONS = 400
ROUNDS = 5
CAUSES = (Cause.NETWORK, Cause.FLAKY_TEST, Cause.TIMEOUT)
Question = tuple[str, Diagnosis]
Engine = Callable[[Question], bool]


def selfheal(rules: int) -> Engine:
    """The whole decision: which remedy, which rule, freeze, breaker, cool-down, budgets, and the reason in words."""
    text = "".join(
        f'[[rule]]\npipelines = ["codebuild:team-{n}-*"]\ncauses = ["network", "flaky_test"]\n'
        'remedies = ["retry_build"]\nmode = "act"\nmin_confidence = 0.7\n'
        for n in range(rules)
    )
    freeze = '[[freeze]]\ntime_zone = "Europe/Zurich"\ndays = ["sat", "sun"]\nfrom = "00:00"\nto = "00:00"\n'
    policy = parse_policy(freeze + text, frozenset(remedy.id for remedy in catalogue()))
    now, known = Circumstances(NOON, Mode.ACT), catalogue()

    def ask(question: Question) -> bool:
        pipeline, diagnosis = question
        key = PipelineKey(Service.CODEBUILD, pipeline.removeprefix("codebuild:"))
        remedy = chosen(key, IncidentKind.FAILED, diagnosis, "retry_build", known, policy)
        decision = decide(pipeline=pipeline, diagnosis=diagnosis, remedy=remedy, policy=policy, now=now)
        return decision.verdict is Verdict.ACT and decision.remedy == "retry_build"

    return ask


def scan(rules: int) -> Engine:
    """The least that can be done: the first rule that matches, no remedy chosen, no limits, no reason."""
    table = [(f"codebuild:team-{n}-*", {"network", "flaky_test"}, {"retry_build"}, 0.7) for n in range(rules)]

    def ask(question: Question) -> bool:
        pipeline, diagnosis = question
        for pattern, causes, remedies, floor in table:
            if diagnosis.cause in causes and "retry_build" in remedies and fnmatchcase(pipeline, pattern):
                return diagnosis.confidence >= floor
        return False

    return ask


def cedar(rules: int) -> Engine:
    """The same rules as Cedar policies, parsed once; the request is made anew for each question."""
    policies = PolicySet.from_str(
        "\n".join(
            'permit(principal, action == Action::"retry_build", resource) when { '
            f'context.pipeline like "codebuild:team-{n}-*" && '
            '["network", "flaky_test"].contains(context.cause) && context.percent >= 70 };'
            for n in range(rules)
        )
    )
    entities = Entities.from_json_str("[]")

    def ask(question: Question) -> bool:
        pipeline, diagnosis = question
        percent = round(diagnosis.confidence * 100)
        request = {
            "principal": 'Actor::"selfheal"',
            "action": 'Action::"retry_build"',
            "resource": 'Pipeline::"any"',
            "context": {"pipeline": pipeline, "cause": diagnosis.cause.value, "percent": percent},
        }
        return bool(is_authorized(request, policies, entities).allowed)

    return ask


ENGINES: dict[str, Callable[[int], Engine]] = {"selfheal": selfheal, "plain scan": scan, "cedar": cedar}


def questions(rules: int) -> list[Question]:
    """Teams in an order of chance, one in ten that no rule names, sure and unsure."""
    chance = random.Random(rules)
    return [
        (
            f"codebuild:team-{chance.randrange(max(1, round(rules * 1.1)))}-api",
            Diagnosis(chance.choice(CAUSES), True, chance.choice([0.5, 0.7, 0.9]), "asked", "", ""),
        )
        for _ in range(QUESTIONS)
    ]


def per_second(engine: Engine, asked: Sequence[Question]) -> float:
    """Answers in a second of processor time."""
    begun = time.process_time()
    for question in asked:
        engine(question)
    return len(asked) / (time.process_time() - begun)


def measure(rules: int) -> dict[str, float]:
    """The median of the rounds for each engine, all of them in turn in every round."""
    engines, asked = {name: make(rules) for name, make in ENGINES.items()}, questions(rules)
    answers = [[engine(question) for question in asked] for engine in engines.values()]
    if answers.count(answers[0]) != len(answers):
        sys.exit(f"the engines do not agree at {rules} rules")
    rounds = [{name: per_second(engine, asked) for name, engine in engines.items()} for _ in range(ROUNDS)]
    return {name: median(each[name] for each in rounds) for name in engines}


def main() -> None:
    """Print a line for each size."""
    print(
        f"Python {platform.python_version()}, {QUESTIONS} questions, median of {ROUNDS} rounds, per processor second"
    )
    print("| rules | selfheal | plain scan | cedar | selfheal / plain scan | selfheal / cedar |")
    print("| --- | --- | --- | --- | --- | --- |")
    for rules in SIZES:
        found = measure(rules)
        ours, plain, peer = (found[name] for name in ENGINES)
        print(
            f"| {rules:,} | {ours:,.0f} | {plain:,.0f} | {peer:,.0f} | {ours / plain:.2f} | {ours / peer:.2f} |"
        )


if __name__ == "__main__":
    main()
