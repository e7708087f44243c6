"""The vectors of one group of pipelines: those to train on, and the rows to calibrate and to evaluate with."""

import random
from collections import Counter, deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from itertools import chain

from selfheal.detect.alarm import blamed
from selfheal.detect.detector import WINDOW
from selfheal.detect.evaluation import CALIBRATION, EVALUATION, Row, row_of
from selfheal.detect.model import embedded_model
from selfheal.detect.normal import Normal
from selfheal.detect.shift import since_shift
from selfheal.detect.training import WARM_UP
from selfheal.detect.trial import made_odd
from selfheal.detect.window import Window
from selfheal.domain.measurement import Measurement
from selfheal.jobs.lake import place_of

SEED = 1
HIGHEST_PLACE = 2**64
TOO_YOUNG = f"of a pipeline with fewer than {WARM_UP} runs to train on"


@dataclass(frozen=True, slots=True)
class Plan:
    """What every group is treated by. ``calibrate`` and ``evaluate`` are the first days of their parts; ``chances``
    holds the pipelines that rows are taken of, with the share (0 to 1) of their runs that is taken."""

    calibrate: date
    evaluate: date
    min_seconds: float
    chances: Mapping[str, float]

    def part_of(self, day: date) -> str:
        """The part that the runs of a day belong to; empty for those to train on."""
        if day < self.calibrate:
            return ""
        return CALIBRATION if day < self.evaluate else EVALUATION


@dataclass(slots=True)
class GroupVectors:
    """Works through the runs of a group in order of start. Holds the last 256 runs of each pipeline, no more."""

    plan: Plan
    skipped: Counter[str] = field(default_factory=Counter)
    _blocks: dict[str, list[Measurement]] = field(default_factory=dict)
    _recent: dict[str, deque[Measurement]] = field(default_factory=dict)

    def trained_on(self, run: Measurement) -> Iterator[list[float]]:
        """The vectors of a block of 256 runs of one pipeline, when this run completes one; as the embedded model is
        trained (detect/training.py), each run is compared with the whole block."""
        block = self._blocks.setdefault(str(run.pipeline), [])
        block.append(run)
        if len(block) == WINDOW:
            yield from self._vectors(self._blocks.pop(str(run.pipeline)))

    def rest(self) -> Iterator[list[float]]:
        """The vectors of the blocks that were not completed. Fewer than 30 runs say little of each other."""
        for block in self._blocks.values():
            if len(block) >= WARM_UP:
                yield from self._vectors(block)
            else:
                self.skipped[TOO_YOUNG] += len(block)
        self._blocks.clear()

    def rows(self, run: Measurement, part: str) -> Iterator[Row]:
        """The row of a run that is to be calibrated or evaluated with, and of the same run made odd."""
        chance = self.plan.chances.get(str(run.pipeline))
        if chance is None:
            return
        recent = self._recent.setdefault(str(run.pipeline), deque(maxlen=WINDOW))
        if part and len(recent) >= WARM_UP and place_of(run.run_id) < chance * HIGHEST_PLACE:
            yield from self._rows(run, part, recent)
        recent.append(run)

    def _vectors(self, block: list[Measurement]) -> list[list[float]]:
        return Window(block[::-1], self.plan.min_seconds).vectors(WINDOW)

    def _rows(self, run: Measurement, part: str, recent: deque[Measurement]) -> Iterator[Row]:
        present = since_shift(list(recent)[::-1], self.plan.min_seconds)
        normal = Normal(present, embedded_model(), self.plan.min_seconds)
        rng = random.Random(f"{SEED}:{run.run_id}")  # noqa: S311 - the same trial every time, not a secret
        odd = [made_odd(run, rng)] if part == EVALUATION else []
        for is_odd, each in chain([(False, run)], ((True, made) for made in odd)):
            found = normal.oddness(each, shared=lambda _: 0.0)
            own = normal.own_isolation(found.features)
            notable = bool(blamed(found.deviations, self.plan.min_seconds))
            yield row_of(part, is_odd, found, own, normal.own_weight, notable)
