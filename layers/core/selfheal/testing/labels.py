"""Labelled failures, in memory."""

from dataclasses import dataclass, field

from selfheal.domain.experiment import LabelledFailure


@dataclass
class MemoryLabels:
    """Labels, by run."""

    held: dict[str, LabelledFailure] = field(default_factory=dict)

    def put(self, labelled: LabelledFailure) -> None:
        """Labels."""
        self.held[labelled.run_id] = labelled
