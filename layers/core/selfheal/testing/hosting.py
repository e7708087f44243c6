"""SageMaker, in memory: a registry, an endpoint that takes its time, a pipeline."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from selfheal.domain.errors import ModelNotFound
from selfheal.domain.hosting import EndpointState, EndpointStatus, ForestPackage

GROUP = "shop-forest"


@dataclass
class MemoryPackages:
    """ForestPackages."""

    packages: dict[str, ForestPackage] = field(default_factory=dict)
    objects: dict[str, bytes] = field(default_factory=dict)

    def add(
        self, arn: str, objects: Mapping[str, bytes], *, approved: bool = True, group: str = GROUP
    ) -> None:
        """A package with its objects, each by what it is."""
        places = {name: f"{arn}/{name}" for name in objects}
        self.packages[arn] = ForestPackage(arn, group, approved, places)
        self.objects |= {places[name]: body for name, body in objects.items()}

    def package(self, arn: str) -> ForestPackage:
        """ForestPackages."""
        return self.packages[arn]

    def read(self, place: str) -> bytes:
        """ForestPackages."""
        if place not in self.objects:
            raise ModelNotFound(f"there is no {place}; train again")
        return self.objects[place]


@dataclass
class MemoryEndpoint:
    """Endpoint. It is on its way until ``arrive`` or ``fail``; ``asked`` holds where it was sent, ``scaled`` how often
    it was told to follow its load."""

    now: EndpointState = field(default_factory=lambda: EndpointState(EndpointStatus.ABSENT))
    asked: list[tuple[str, str]] = field(default_factory=list)
    scaled: int = 0
    error: Exception | None = None
    _before: str = ""

    def state(self) -> EndpointState:
        """Endpoint."""
        return self.now

    def go_to(self, version: str, package: str) -> None:
        """Endpoint."""
        if self.error:
            raise self.error
        self.asked.append((version, package))
        self._before = self.now.version
        self.now = EndpointState(EndpointStatus.MOVING, version)

    def scale(self) -> None:
        """Endpoint."""
        if self.error:
            raise self.error
        self.scaled += 1

    def arrive(self) -> None:
        """It serves what it was sent to."""
        self.now = EndpointState(EndpointStatus.SERVES, self.now.version)

    def go_back(self, reason: str) -> None:
        """An alarm sent the update back."""
        self.now = EndpointState(EndpointStatus.SERVES, self._before, reason)


@dataclass
class MemoryPipeline:
    """TrainingPipeline. ``started`` holds the moments it was asked to train up to."""

    started: list[datetime] = field(default_factory=list)
    failure: str = ""
    error: Exception | None = None

    def start(self, until: datetime) -> str:
        """TrainingPipeline."""
        if self.error:
            raise self.error
        self.started.append(until)
        return f"execution/{until:%Y%m%dT%H%M%SZ}"

    def why_failed(self, execution: str) -> str:
        """TrainingPipeline."""
        return self.failure
