"""Sighting: one time that a failure was seen, and what is known of failures seen before."""

from dataclasses import dataclass
from datetime import datetime

from selfheal.domain.experiment import Label
from selfheal.domain.run import PipelineKey


@dataclass(frozen=True, slots=True)
class Sighting:
    """A run that failed with this ``fingerprint``. ``source_version`` is empty where it is not known, ``tests`` names
    those that failed (redacted), ``label`` is what another attempt showed the failure to have been."""

    run_id: str
    pipeline: PipelineKey
    fingerprint: str
    source_version: str
    started_at: datetime
    tests: tuple[str, ...] = ()
    label: Label = Label.NONE


@dataclass(frozen=True, slots=True)
class Experience:
    """What came of the same failure on the same pipeline before, counted in commits.

    ``seen``: commits it was seen on; ``passed``: those of which a later attempt passed, ``failed``: those of which
    every later attempt failed (a commit with no later attempt is in neither); ``recovered``: commits after which the
    pipeline passed again, on whatever commit; ``cached``: those on which the cache was convicted, by an attempt
    without it.
    """

    seen: int = 0
    passed: int = 0
    failed: int = 0
    recovered: int = 0
    cached: int = 0
