"""train_baselines: train a challenger for the global model from the lake; let it serve if it is not worse."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from selfheal.detect.contest import why_worse
from selfheal.detect.drift import after_check, drift_of, reference_of
from selfheal.detect.learner import Learner, figures_of, samples_of
from selfheal.detect.model import GlobalModel, dump
from selfheal.domain.errors import InvalidEvent, ModelNotFound, SelfhealError, TooLittleHistory
from selfheal.domain.measurement import Measurement
from selfheal.domain.model import (
    EMBEDDED,
    Bins,
    Figures,
    ModelEntry,
    ModelEvent,
    ModelRecord,
    Result,
    Training,
)
from selfheal.model_ports import DriftStore, ModelLedger, ModelStore, TrainingPipeline
from selfheal.ports import Clock, LakeReader
from selfheal.steps.serve_model import Serving, serving
from selfheal.wire import encode

TRAINED_ON = timedelta(days=90)
BY = "train_baselines"
LOOKED_BACK = timedelta(days=30)


class Reason(StrEnum):
    """Why the function was called."""

    SCHEDULE = "schedule"
    DRIFT_CHECK = "drift-check"


@dataclass(frozen=True, slots=True)
class TrainingRequest:
    """What a schedule asks for."""

    reason: Reason


@dataclass(slots=True)
class Trainer:
    """Carries out one request."""

    lake: LakeReader
    models: ModelStore
    ledger: ModelLedger
    drift: DriftStore
    clock: Clock
    learner: Learner
    pipeline: TrainingPipeline | None = None
    _unread_before: int = field(init=False)

    def __post_init__(self) -> None:
        self._unread_before = sum(self.lake.skipped.values())

    def run(self, request: TrainingRequest) -> Training:
        """Carry out what a schedule asked for. Whatever a store raises, the champion stays."""
        champion = serving(self.models, self.models.champion())
        if request.reason is Reason.SCHEDULE:
            return self._train(request.reason, champion)
        return self._check(champion)

    def _check(self, champion: Serving) -> Training:
        """Look for drift, and train when ``after_check`` says so. The state is kept after the training: one that
        failed is tried again at the next check."""
        version, now = champion.version, self.clock.now()
        reference = self._reference(version)
        if not reference:
            return Training(Result.STEADY, "no model serves that recent runs could drift from", version)
        recent = self.learner.sample(self.lake.read(now - LOOKED_BACK, now))
        found = drift_of(reference, samples_of(self.learner.replay(champion.model, recent)))
        if found is None:
            return Training(Result.STEADY, f"{len(recent)} recent runs are too few to tell", version)
        words = f"{found.metric} has a stability index of {found.index:.2f} on {found.runs} runs"
        state, drifted = after_check(self.drift.load(), found, now)
        steady = Training(Result.STEADY, words, version)
        done = self._train(f"drift: {words}", champion) if drifted else steady
        self.drift.save(state)
        return replace(done, drift=found.index)

    def _reference(self, version: str) -> dict[str, Bins]:
        """What the champion was promoted on; empty when that cannot be read."""
        if version == EMBEDDED:
            return {}
        try:
            return self.models.record(version).reference
        except (ModelNotFound, InvalidEvent):
            return {}

    def _train(self, why: str, champion: Serving) -> Training:
        now = self.clock.now()
        history = self.learner.sample(self.lake.read(now - TRAINED_ON, now))
        try:
            challenger = self.learner.train(history, at=now)
        except TooLittleHistory as error:
            return self._written(Training(Result.SKIPPED, str(error), champion.version), why)
        return self._contest(why, champion, challenger, history, self._started(now))

    def _started(self, now: datetime) -> str:
        """The execution that trains the hosted forest. That it cannot be started is no reason to keep an old embedded
        model; it is in the record, and the next training tries again."""
        if self.pipeline is None:
            return ""
        try:
            return self.pipeline.start(now.replace(minute=0, second=0, microsecond=0))
        except SelfhealError as error:
            return f"not started: {error}"

    def _contest(
        self,
        why: str,
        champion: Serving,
        challenger: GlobalModel,
        history: Sequence[Measurement],
        hosted: str,
    ) -> Training:
        """Replay both on the same runs; the ledger's entry is written before the pointer moves, so that no model
        ever serves without one."""
        replay, champions = (self.learner.replay(each, history) for each in (challenger, champion.model))
        ours, theirs = figures_of(replay), figures_of(champions)
        artifact = dump(challenger)
        record = _record(challenger, artifact, ours, reference_of(samples_of(replay)))
        self.models.put(record, artifact)
        reason = why_worse(ours, theirs, self.learner.budget)
        done = Training(
            Result.REFUSED if reason else Result.PROMOTED,
            reason or "it is not worse",
            champion.version,
            version=challenger.version,
            figures=ours,
            champion_figures=theirs,
            hosted=hosted,
        )
        done = self._written(done, why)
        if reason or self.models.switch(champion.champion.promoted(challenger.version)):
            return done
        moved = "the champion changed while this one was trained; the next training compares with that one"
        return self._written(replace(done, result=Result.REFUSED, reason=moved), why)

    def _written(self, done: Training, why: str) -> Training:
        done = replace(done, unread=sum(self.lake.skipped.values()) - self._unread_before)
        data = {"why": why, **encode(done)}
        event = ModelEvent(done.result)
        self.ledger.append(ModelEntry(event, done.version, self.clock.now(), BY, data))
        return done


def _record(model: GlobalModel, artifact: bytes, figures: Figures, reference: dict[str, Bins]) -> ModelRecord:
    return ModelRecord(
        version=model.version,
        trained_at=model.trained_at,
        runs=model.runs,
        pipelines=model.pipelines,
        features_version=model.features_version,
        library=model.library,
        sha256=hashlib.sha256(artifact).hexdigest(),
        figures=figures,
        reference=reference,
    )
