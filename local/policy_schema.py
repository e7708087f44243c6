"""The JSON schema of policy files, made of the same lists and bounds that the parser goes by.

Three things a schema cannot say, only the parser: that a time zone exists, that a date is in the calendar, and that a
freeze ends after it begins.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from selfheal.domain.diagnosis import Cause
from selfheal.domain.freeze import Weekday
from selfheal.domain.freeze_table import LONGEST_REASON
from selfheal.domain.policy import LONGEST_DELAY_SECONDS, RUN_RUNBOOK, Autonomy, Breaker, Budget, Mode
from selfheal.domain.policy_file import DOCUMENT_NAME, LONGEST_COOL_DOWN_SECONDS, MOST, PATTERN
from selfheal.domain.remedy import Risk
from selfheal.domain.toml_table import CONTROL
from selfheal.domain.watch import BAKE_MINUTES, LONGEST_BAKE_MINUTES, NAMELESS
from selfheal.remedies.registry import catalogue

Schema = dict[str, Any]

CLOCK = "([01][0-9]|2[0-3]):[0-5][0-9]"
DATE = "[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
WATCHED = r"^(codedeploy|codepipeline):[^/*?\[]+/[^*?\[]+$"


def policy_schema() -> Schema:
    """The whole schema (draft 2020-12)."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Selfheal policy",
        **_table(
            {
                "protected": _patterns(),
                "cool_down_seconds": _whole(0, 0, LONGEST_COOL_DOWN_SECONDS),
                "budget": _budget(),
                "breaker": _breaker(),
                "autonomy": _autonomy(),
                "freeze": _array(_freeze()),
                "rule": _array(_rule()),
                "watch": _array(_watch()),
            }
        ),
    }


def _budget() -> Schema:
    usual = Budget()
    counts = {
        key: _whole(getattr(usual, key), 0, MOST)
        for key in ("per_commit", "per_pipeline_hour", "per_account_day", "build_minutes_per_day")
    }
    return _table({**counts, "dollars_per_day": _number(usual.dollars_per_day, 0, MOST)})


def _breaker() -> Schema:
    usual = Breaker()
    return _table(
        {
            "failures": _whole(usual.failures, 1, MOST),
            "half_open_seconds": _whole(usual.half_open_seconds, 1, LONGEST_COOL_DOWN_SECONDS),
        }
    )


def _autonomy() -> Schema:
    usual = Autonomy()
    return _table(
        {
            "bar": _number(usual.bar, 0.5, 1),
            "min_outcomes": _whole(usual.min_outcomes, 1, MOST),
            "promote_to_act": {"type": "boolean", "default": usual.promote_to_act},
        }
    )


def _rule() -> Schema:
    keys: dict[str, Schema] = {
        "pipelines": _patterns(),
        "causes": _names(Cause),
        "remedies": _names(remedy.id for remedy in catalogue()),
        "mode": {"enum": [mode.value for mode in Mode]},
        "min_confidence": _number(0.7, 0, 1),
        "max_risk": {"enum": [risk.value for risk in Risk], "default": Risk.REPLACES.value},
        "delay_seconds": {"type": "integer", "minimum": 0, "maximum": LONGEST_DELAY_SECONDS},
        "runbook": {"type": "string", "pattern": f"^{DOCUMENT_NAME}$"},
    }
    return _table(keys, required=("pipelines", "causes", "remedies", "mode")) | {"allOf": _runbook()}


def _runbook() -> list[Schema]:
    """Who names the remedy must name the document, and who names the document must name the remedy."""
    remedies = {"properties": {"remedies": {"contains": {"const": RUN_RUNBOOK}}}, "required": ["remedies"]}
    either = {"properties": {"remedies": {"contains": {"enum": [RUN_RUNBOOK, "*"]}}}}
    document = {"required": ["runbook"]}
    return [{"if": remedies, "then": document}, {"if": document, "then": either}]


def _freeze() -> Schema:
    """With ``days`` from one time of day to another, without them from date to date."""
    keys: dict[str, Schema] = {
        "pipelines": _patterns(),
        "time_zone": {"type": "string", "minLength": 1},
        "days": _names(Weekday),
        "from": {"type": "string"},
        "to": {"type": "string"},
        "reason": {
            "type": "string",
            "maxLength": LONGEST_REASON,
            "not": {"pattern": CONTROL},
            "default": "",
        },
    }
    weekly, once = _ends(f"^{CLOCK}$", len("18:00")), _ends(f"^{DATE} {CLOCK}$", len("2026-12-20 18:00"))
    choice: Schema = {"if": {"required": ["days"]}, "then": weekly, "else": once}
    return _table(keys, required=("time_zone", "from", "to")) | choice


def _watch() -> Schema:
    keys: dict[str, Schema] = {
        "alarms": {
            "type": "array",
            "minItems": 1,
            "items": {"type": "string", "pattern": rf"^(?!{NAMELESS}(?![\s\S]))"},
        },
        "pipeline": {"type": "string", "pattern": WATCHED},
        "bake_minutes": _whole(BAKE_MINUTES, 1, LONGEST_BAKE_MINUTES),
    }
    return _table(keys, required=("alarms", "pipeline"))


def _ends(pattern: str, length: int) -> Schema:
    end = {"pattern": pattern, "maxLength": length}
    return {"properties": {"from": end, "to": end}}


def _table(properties: Mapping[str, Schema], required: Iterable[str] = ()) -> Schema:
    table: Schema = {"type": "object", "additionalProperties": False, "properties": dict(properties)}
    return table | ({"required": list(required)} if required else {})


def _array(items: Schema) -> Schema:
    return {"type": "array", "items": items}


def _names(known: Iterable[str]) -> Schema:
    return {"type": "array", "minItems": 1, "items": {"enum": ["*", *known]}}


def _patterns() -> Schema:
    return {"type": "array", "minItems": 1, "items": {"type": "string", "pattern": PATTERN}}


def _whole(default: int, least: int, most: int) -> Schema:
    return {"type": "integer", "minimum": least, "maximum": most, "default": default}


def _number(default: float, least: float, most: float) -> Schema:
    return {"type": "number", "minimum": least, "maximum": most, "default": default}
