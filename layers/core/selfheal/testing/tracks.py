"""The track records of remedies, in memory."""

from dataclasses import dataclass, field

from selfheal.domain.autonomy import Clearance, Subject, Track, Trial


@dataclass
class MemoryTracks:
    """TrackRecords and TrackBoard."""

    trials: dict[Subject, dict[str, Trial]] = field(default_factory=dict)
    cleared: dict[Subject, Clearance] = field(default_factory=dict)

    def note(self, subject: Subject, trial: Trial) -> None:
        """TrackRecords."""
        self.trials.setdefault(subject, {})[trial.incident_id] = trial

    def track(self, subject: Subject) -> Track:
        """TrackRecords."""
        found = sorted(self.trials.get(subject, {}).values(), key=lambda trial: trial.at, reverse=True)
        return Track(subject, tuple(found), self.cleared.get(subject))

    def recent(self, limit: int) -> list[tuple[Subject, Trial]]:
        """TrackBoard."""
        pairs = [(subject, trial) for subject, trials in self.trials.items() for trial in trials.values()]
        return sorted(pairs, key=lambda pair: pair[1].at, reverse=True)[:limit]

    def clear(self, subject: Subject, clearance: Clearance) -> None:
        """TrackBoard."""
        self.cleared[subject] = clearance
