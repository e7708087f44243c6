"""Watch: which alarms speak for which deployed service, as the policy file says."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from fnmatch import fnmatchcase
from typing import cast

from selfheal.domain.errors import InvalidEvent, InvalidPolicy
from selfheal.domain.run import PipelineKey, Service

BAKE_MINUTES = 30
LONGEST_BAKE_MINUTES = 1440
KEYS = frozenset({"alarms", "pipeline", "bake_minutes"})


@dataclass(frozen=True, slots=True)
class Watch:
    """One ``[[watch]]``: these alarms (shell globs over the whole name) ring for what that pipeline deploys.

    ``bake`` is how long after its end a deployment is to blame for an alarm.
    """

    alarms: tuple[str, ...]
    pipeline: PipelineKey
    bake: timedelta = timedelta(minutes=BAKE_MINUTES)

    def covers(self, alarm: str) -> bool:
        """Whether this alarm is one of them."""
        return any(fnmatchcase(alarm, pattern) for pattern in self.alarms)


def parse_watches(tables: object) -> tuple[Watch, ...]:
    """The ``[[watch]]`` tables of a policy file. Raises InvalidPolicy naming the key and the fix."""
    if not isinstance(tables, list):
        raise InvalidPolicy("watch: write each watch as its own [[watch]] table")
    return tuple(_watch(f"watch {n}", table) for n, table in enumerate(tables, 1))


def _watch(where: str, table: object) -> Watch:
    if not isinstance(table, dict):
        raise InvalidPolicy(f"{where}: must be a table")
    if unknown := sorted(set(table) - KEYS):
        raise InvalidPolicy(f"{where}: unknown key {unknown[0]!r}; known keys are {', '.join(sorted(KEYS))}")
    return Watch(
        alarms=_alarms(where, table),
        pipeline=_pipeline(where, table.get("pipeline")),
        bake=_bake(where, table.get("bake_minutes", BAKE_MINUTES)),
    )


def _alarms(where: str, table: Mapping[str, object]) -> tuple[str, ...]:
    value = table.get("alarms")
    if not isinstance(value, list) or not value or not all(isinstance(name, str) and name for name in value):
        raise InvalidPolicy(f"{where}.alarms: must be a list of one or more names of alarms")
    names = cast(Sequence[str], value)
    for name in names:
        if not name.strip("*?"):
            raise InvalidPolicy(
                f"{where}.alarms: {name!r} is every alarm of the account; name those of the service"
            )
    return tuple(names)


def _pipeline(where: str, value: object) -> PipelineKey:
    wanted = "must be one codedeploy:<application>/<group> or codepipeline:<pipeline>/<stage>"
    if not isinstance(value, str):
        raise InvalidPolicy(f"{where}.pipeline: {wanted}, not {value!r}")
    try:
        key = PipelineKey.parse(value)
    except InvalidEvent as error:
        raise InvalidPolicy(f"{where}.pipeline: {wanted}; {error}") from None
    outer, slash, inner = key.name.partition("/")
    if key.service is Service.CODEBUILD or not (outer and slash and inner) or set(value) & set("*?["):
        raise InvalidPolicy(f"{where}.pipeline: {wanted}, not {value!r}")
    return key


def _bake(where: str, value: object) -> timedelta:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= LONGEST_BAKE_MINUTES:
        raise InvalidPolicy(
            f"{where}.bake_minutes: must be a whole number from 1 to {LONGEST_BAKE_MINUTES}, not {value!r}"
        )
    return timedelta(minutes=value)
