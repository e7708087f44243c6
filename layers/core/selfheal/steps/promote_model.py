"""promote_model: hold a registered forest against the one that serves; send the endpoint to it if it is not worse.

The endpoint takes minutes. The pointer says where it is going from before it is told until it got somewhere, and
nobody asks it meanwhile; ``settle`` sees what came of it. Every entry is written before the pointer moves.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from selfheal.detect.contest import why_worse
from selfheal.detect.evaluation import (
    EVALUATION,
    Row,
    batch_scores,
    figures_on,
    raw_scores,
    row_of_line,
    spread_of,
)
from selfheal.detect.features import FEATURES
from selfheal.detect.hosted import ALGORITHM, HostedModel, load_hosted
from selfheal.detect.normal import isolations
from selfheal.domain.errors import InvalidEvent, ModelNotFound, ModelRefused, SelfhealError
from selfheal.domain.hosting import EndpointState, EndpointStatus, ForestPackage
from selfheal.domain.model import (
    Bins,
    Champion,
    Figures,
    ModelEntry,
    ModelEvent,
    ModelRecord,
    Result,
    Training,
)
from selfheal.model_ports import (
    Endpoint,
    ForestPackages,
    HostedForest,
    ModelLedger,
    ModelStore,
    TrainingPipeline,
)
from selfheal.ports import Clock
from selfheal.steps.serve_model import serving
from selfheal.wire import encode

BY = "promote_model"
# What the endpoint is asked while it is on its way, so that its alarms have something to ring for.
CANARY = [[size / 4.0] * len(FEATURES) for size in range(20)]


class Happened(StrEnum):
    """Why the function was called."""

    PACKAGE = "SageMaker Model Package State Change"
    ENDPOINT = "SageMaker Endpoint State Change"
    EXECUTION = "SageMaker Model Building Pipeline Execution Status Change"
    SETTLE = "settle"


def promote_model(event: Mapping[str, Any], promoter: "Promoter") -> Training:
    """Carry on what happened: an event of SageMaker as EventBridge delivers it, or ``{"reason": "settle"}``.

    Raises InvalidEvent for anything else."""
    what, detail = event.get("detail-type", event.get("reason")), event.get("detail", {})
    if what in (Happened.SETTLE, Happened.ENDPOINT):
        return promoter.settle()
    if what == Happened.PACKAGE:
        return promoter.consider(_text(detail, "ModelPackageArn"))
    if what == Happened.EXECUTION:
        return promoter.failed(_text(detail, "pipelineExecutionArn"))
    raise InvalidEvent("detail-type", f"must be one of {', '.join(Happened)}, not {what!r}")


def _text(detail: Mapping[str, Any], name: str) -> str:
    found = detail.get(name)
    if not isinstance(found, str) or not found:
        raise InvalidEvent(f"detail.{name}", "must be there and text; SageMaker's events have it")
    return found


@dataclass(frozen=True, slots=True)
class Promoter:
    """Carries one event on. ``models`` are the hosted ones, ``embedded`` the others: the one of them that serves is
    the opponent while no hosted one does. ``budget``: false alarms per 1,000 runs; ``group``: whose packages count."""

    packages: ForestPackages
    models: ModelStore
    embedded: ModelStore
    endpoint: Endpoint
    forest: HostedForest
    pipeline: TrainingPipeline
    ledger: ModelLedger
    clock: Clock
    budget: float
    group: str

    def consider(self, arn: str) -> Training:
        """A package whose approval changed. The champion stays unless the new forest is approved, fits this code, and
        is not worse."""
        package = self.packages.package(arn)
        champion = self.models.champion()
        if not package.approved or package.group != self.group:
            return Training(
                Result.STEADY, "the package is not approved, or of another group", champion.version
            )
        try:
            artifact = self.packages.read(package.places["thresholds"])
            model = load_hosted(artifact)
            rows = [row_of_line(line) for line in self._text(package, "rows").splitlines()]
            return self._contest(package, champion, model, artifact, rows)
        except (ModelRefused, ModelNotFound, InvalidEvent) as error:
            refused = Training(Result.REFUSED, f"{arn}: {error}", champion.version)
            return self._written(refused)

    def failed(self, execution: str) -> Training:
        """An execution of the pipeline that registered nothing: why goes into the record."""
        why = self.pipeline.why_failed(execution) or "the service does not say why"
        done = Training(Result.REFUSED, why, self.models.champion().version, hosted=execution)
        return self._written(done)

    def settle(self) -> Training:
        """What became of the endpoint's way. Nothing is written while it stands still or is still on it."""
        champion = self.models.champion()
        state = self.endpoint.state()
        if not champion.moving:
            return self._standing(champion, state)
        if state.status is EndpointStatus.MOVING:
            return Training(Result.STEADY, self._canary(champion), champion.version)
        if state.status is EndpointStatus.ABSENT:
            return self._go(champion, champion.moving)
        return self._arrived(champion, state)

    def _standing(self, champion: Champion, state: EndpointState) -> Training:
        """An endpoint that serves another forest than the pointer says (somebody updated it by hand, or its way was
        given up a moment before it set out) would be read by the wrong thresholds: it is sent back."""
        still = Training(Result.STEADY, f"the endpoint {state.status}", champion.version)
        strays = state.status is EndpointStatus.SERVES and state.version != champion.version
        if not champion.served or not strays:
            return still
        found = f"the endpoint serves {state.version or 'what is not ours'}; it is sent back"
        return self._go(champion, champion.version, replace(still, reason=found))

    def _contest(
        self, package: ForestPackage, champion: Champion, model: HostedModel, artifact: bytes, rows: list[Row]
    ) -> Training:
        if model.version in champion.served:
            return Training(Result.STEADY, "it was promoted already", champion.version, model.version)
        if model.version == champion.moving:
            return self._go(champion, model.version)
        if champion.moving:
            busy = f"the endpoint is on its way to {champion.moving}; `selfheal model promote` takes this one later"
            self._keep(package, model, artifact, None, {})
            return self._written(Training(Result.REFUSED, busy, champion.version, model.version))
        raw = raw_scores(rows, batch_scores(self._text(package, "scores"), len(rows)), model.unit)
        ours = figures_on(rows, raw, model.scores, self.budget)
        theirs = self._opponent(champion, rows)
        self._keep(package, model, artifact, ours, spread_of(rows, raw))
        reason = why_worse(ours, theirs, self.budget)
        result = Result.REFUSED if reason else Result.PROMOTED
        said = reason or "it is not worse"
        done = Training(result, said, champion.version, model.version, ours, theirs)
        self._written(done)
        return done if reason else self._go(champion, model.version, done)

    def _go(self, champion: Champion, version: str, done: Training | None = None) -> Training:
        """First the pointer, then the endpoint: whoever dies in between is found by ``settle``."""
        done = done or Training(
            Result.STEADY, f"the endpoint is told again to go to {version}", champion.version
        )
        if champion.moving != version and not self.models.switch(champion.towards(version)):
            moved = "the pointer changed while this one was considered; promote it by hand"
            return self._written(replace(done, result=Result.REFUSED, reason=moved))
        self.endpoint.go_to(version, self.models.record(version).package)
        return done

    def _arrived(self, champion: Champion, state: EndpointState) -> Training:
        """The endpoint serves what its configuration names, whatever was asked of it; a failed one serves nothing."""
        serves = state.status is EndpointStatus.SERVES
        if serves and state.version == champion.moving:
            done = Training(Result.PROMOTED, self._scaled(), champion.version, state.version)
        else:
            why = f"the endpoint did not get there, it {state.status} {state.version}: {state.reason}"
            done = self._written(Training(Result.REFUSED, why, champion.version, champion.moving))
        standing = Champion(champion.served, champion.tag)
        self.models.switch(champion.arrived(state.version) if serves and state.version else standing)
        return done

    def _scaled(self) -> str:
        """An endpoint that does not follow its load serves all the same; the log says so."""
        try:
            self.endpoint.scale()
        except SelfhealError as error:
            return f"the endpoint serves it, and does not follow its load: {error}"
        return "the endpoint serves it"

    def _opponent(self, champion: Champion, rows: list[Row]) -> Figures:
        """What the forest that serves does on the rows that both are judged by: the endpoint is asked, or the
        embedded forest."""
        rows = [row for row in rows if row.part == EVALUATION]
        vectors = [row.vector for row in rows]
        if champion.served:
            model = load_hosted(self.models.artifact(champion.version))
            raw = raw_scores(rows, self.forest.scores(vectors), model.unit)
            return figures_on(rows, raw, model.scores, self.budget)
        embedded = serving(self.embedded, self.embedded.champion()).model
        return figures_on(
            rows, raw_scores(rows, isolations(embedded, vectors), 1.0), embedded.scores, self.budget
        )

    def _keep(
        self,
        package: ForestPackage,
        model: HostedModel,
        artifact: bytes,
        figures: Figures | None,
        reference: dict[str, Bins],
    ) -> None:
        record = ModelRecord(
            version=model.version,
            trained_at=model.trained_at,
            runs=model.runs,
            pipelines=model.pipelines,
            features_version=model.features_version,
            library=ALGORITHM,
            sha256=hashlib.sha256(artifact).hexdigest(),
            figures=figures,
            reference=reference,
            package=package.arn,
        )
        self.models.put(record, artifact)

    def _canary(self, champion: Champion) -> str:
        """Its answers are not used: the alarms of the update watch how it answers."""
        try:
            self.forest.scores(CANARY)
        except SelfhealError as error:
            return f"the endpoint is on its way to {champion.moving} and does not answer: {error}"
        return f"the endpoint is on its way to {champion.moving} and answers"

    def _text(self, package: ForestPackage, name: str) -> str:
        try:
            return self.packages.read(package.places[name]).decode()
        except UnicodeDecodeError:
            raise InvalidEvent(name, f"{package.places[name]} is no text; train again") from None

    def _written(self, done: Training) -> Training:
        event = ModelEvent(done.result)
        self.ledger.append(ModelEntry(event, done.version, self.clock.now(), BY, encode(done)))
        return done
