"""Policy file: TOML text to Policy. Nothing unknown is ignored; what is wrong is said by key, with the fix."""

import hashlib
import re
import tomllib

from selfheal.domain.diagnosis import Cause
from selfheal.domain.errors import InvalidPolicy
from selfheal.domain.freeze_table import FREEZE_KEYS, freeze
from selfheal.domain.policy import (
    LONGEST_DELAY_SECONDS,
    RUN_RUNBOOK,
    Autonomy,
    Breaker,
    Budget,
    Mode,
    Policy,
    Rule,
)
from selfheal.domain.remedy import Risk
from selfheal.domain.toml_table import TomlTable
from selfheal.domain.watch import parse_watches

MOST = 1_000_000
LONGEST_COOL_DOWN_SECONDS = 7 * 24 * 3600
DOCUMENT_NAME = r"[A-Za-z0-9_.-]{3,128}"
LONGEST_DOCUMENT_NAME = 128
PATTERN = r"^(\*|codebuild:|codepipeline:|codedeploy:)"

BUDGET_KEYS = tuple(Budget.__dataclass_fields__)
BREAKER_KEYS = tuple(Breaker.__dataclass_fields__)
AUTONOMY_KEYS = tuple(Autonomy.__dataclass_fields__)
RULE_KEYS = (
    "pipelines",
    "causes",
    "remedies",
    "mode",
    "min_confidence",
    "max_risk",
    "delay_seconds",
    "runbook",
)
TOP_KEYS = ("protected", "cool_down_seconds", "budget", "breaker", "autonomy", "freeze", "rule", "watch")


def parse_policy(text: str, known_remedies: frozenset[str]) -> Policy:
    """Read a policy file. Raises InvalidPolicy."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InvalidPolicy(f"not valid TOML: {error}") from error
    return read_policy(document, known_remedies, hashlib.sha256(text.encode()).hexdigest()[:12])


def read_policy(document: object, known_remedies: frozenset[str], version: str) -> Policy:
    """A Policy out of a parsed document. Raises InvalidPolicy."""
    top = TomlTable.of("", document, TOP_KEYS)
    return Policy(
        version=version,
        budget=_budget(TomlTable.of("budget", top.values.get("budget", {}), BUDGET_KEYS)),
        rules=tuple(_rule(n, table, known_remedies) for n, table in enumerate(top.tables("rule"), 1)),
        cool_down_seconds=top.whole("cool_down_seconds", 0, 0, LONGEST_COOL_DOWN_SECONDS),
        breaker=_breaker(TomlTable.of("breaker", top.values.get("breaker", {}), BREAKER_KEYS)),
        freezes=tuple(
            freeze(n, TomlTable.of(f"freeze {n}", table, FREEZE_KEYS), _patterns)
            for n, table in enumerate(top.tables("freeze"), 1)
        ),
        protected_pipelines=_patterns(top, "protected") if "protected" in top.values else (),
        autonomy=_autonomy(TomlTable.of("autonomy", top.values.get("autonomy", {}), AUTONOMY_KEYS)),
        watches=parse_watches(top.tables("watch")),
    )


def _budget(table: TomlTable) -> Budget:
    none = Budget()
    return Budget(
        per_commit=table.whole("per_commit", none.per_commit, 0, MOST),
        per_pipeline_hour=table.whole("per_pipeline_hour", none.per_pipeline_hour, 0, MOST),
        per_account_day=table.whole("per_account_day", none.per_account_day, 0, MOST),
        build_minutes_per_day=table.whole("build_minutes_per_day", none.build_minutes_per_day, 0, MOST),
        dollars_per_day=table.number("dollars_per_day", none.dollars_per_day, 0, MOST),
    )


def _breaker(table: TomlTable) -> Breaker:
    usual = Breaker()
    return Breaker(
        failures=table.whole("failures", usual.failures, 1, MOST),
        half_open_seconds=table.whole(
            "half_open_seconds", usual.half_open_seconds, 1, LONGEST_COOL_DOWN_SECONDS
        ),
    )


def _autonomy(table: TomlTable) -> Autonomy:
    usual = Autonomy()
    return Autonomy(
        bar=table.number("bar", usual.bar, 0.5, 1),
        min_outcomes=table.whole("min_outcomes", usual.min_outcomes, 1, MOST),
        promote_to_act=table.flag("promote_to_act", usual.promote_to_act),
    )


def _rule(number: int, value: object, known_remedies: frozenset[str]) -> Rule:
    table = TomlTable.of(f"rule {number}", value, RULE_KEYS)
    delay = "delay_seconds" in table.values
    return Rule(
        pipelines=_patterns(table, "pipelines"),
        causes=frozenset(Cause(name) for name in table.names_of("causes", frozenset(Cause))),
        remedies=table.names_of("remedies", known_remedies),
        mode=table.member("mode", Mode),
        min_confidence=table.number("min_confidence", 0.7, 0, 1),
        max_risk=table.member("max_risk", Risk, Risk.REPLACES),
        delay_seconds=table.whole("delay_seconds", 0, 0, LONGEST_DELAY_SECONDS) if delay else None,
        number=number,
        runbook=_runbook(table),
    )


def _runbook(table: TomlTable) -> str:
    """The document of a rule that runs one: such a rule must name it, and no other rule may."""
    named = table.names("remedies")
    if "runbook" not in table.values:
        if RUN_RUNBOOK in named:
            raise table.refuse("runbook", f"name the automation document that {RUN_RUNBOOK} starts")
        return ""
    name = table.text("runbook", "", LONGEST_DOCUMENT_NAME)
    if not re.fullmatch(DOCUMENT_NAME, name):
        raise table.refuse("runbook", "must be the name of an automation document, not its ARN")
    if not {RUN_RUNBOOK, "*"} & set(named):
        raise table.refuse("runbook", f"remedies does not name {RUN_RUNBOOK}, so nothing would start it")
    return name


def _patterns(table: TomlTable, key: str) -> tuple[str, ...]:
    """Patterns that begin as pipeline keys do: any other would match nothing, and nobody would notice."""
    names = table.names(key)
    for name in names:
        if not re.match(PATTERN, name):
            where = f"{table.where}.{key}" if table.where else key
            raise InvalidPolicy(
                f"{where}: {name!r} matches no pipeline key; begin with codebuild:, codepipeline:, codedeploy: or *"
            )
    return names
