"""Watch: which alarms speak for which deployed service, as the policy file says."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from fnmatch import fnmatchcase

from selfheal.domain.errors import InvalidEvent
from selfheal.domain.run import PipelineKey, Service
from selfheal.domain.toml_table import TomlTable

BAKE_MINUTES = 30
LONGEST_BAKE_MINUTES = 1440
# A shell glob without a character of its own: it names no alarm and may match every one.
NAMELESS = r"(?:[*?]|\[!?\]?[^\]]*\])*"
WATCH_KEYS = ("alarms", "pipeline", "bake_minutes")


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


def parse_watches(tables: Iterable[object]) -> tuple[Watch, ...]:
    """The ``[[watch]]`` tables of a policy file. Raises InvalidPolicy naming the key and the fix."""
    return tuple(_watch(TomlTable.of(f"watch {n}", table, WATCH_KEYS)) for n, table in enumerate(tables, 1))


def _watch(table: TomlTable) -> Watch:
    minutes = table.whole("bake_minutes", BAKE_MINUTES, 1, LONGEST_BAKE_MINUTES)
    return Watch(_alarms(table), _pipeline(table), timedelta(minutes=minutes))


def _alarms(table: TomlTable) -> tuple[str, ...]:
    names = table.names("alarms")
    if any(re.fullmatch(NAMELESS, name) for name in names):
        raise table.refuse(
            "alarms", "must name the alarms of one service; a pattern like * or [!~]* is every alarm there is"
        )
    return names


def _pipeline(table: TomlTable) -> PipelineKey:
    fix = "must be one codedeploy:<application>/<group> or codepipeline:<pipeline>/<stage>"
    text = table.values.get("pipeline")
    if not isinstance(text, str) or set(text) & set("*?["):
        raise table.refuse("pipeline", fix)
    try:
        key = PipelineKey.parse(text)
    except InvalidEvent:
        raise table.refuse("pipeline", fix) from None
    outer, slash, inner = key.name.partition("/")
    if key.service is Service.CODEBUILD or not (outer and slash and inner):
        raise table.refuse("pipeline", fix)
    return key
