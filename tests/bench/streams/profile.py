"""Profile: what is normal for one generated pipeline, and how its normal runs come out."""

import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from tests.bench.streams.stream import RunDict

START = datetime(2026, 1, 5, tzinfo=UTC)
PHASES = ("PROVISIONING", "INSTALL", "BUILD", "POST_BUILD", "UPLOAD_ARTIFACTS")
MEDIAN_SECONDS = {
    "PROVISIONING": (8.0, 40.0),
    "INSTALL": (15.0, 120.0),
    "BUILD": (30.0, 900.0),
    "POST_BUILD": (15.0, 400.0),
    "UPLOAD_ARTIFACTS": (3.0, 40.0),
}
HEAVY_TAILED = ("INSTALL", "UPLOAD_ARTIFACTS")
OVERHEAD_SECONDS = 4.0
DEVELOPER_FAILURE = 0.06
NO_METRICS = 0.05
BUSY_HOURS = range(9, 18)


@dataclass(frozen=True, slots=True)
class Profile:
    """One pipeline's normal: medians in seconds, spreads on the log scale, chances per run."""

    name: str
    medians: dict[str, float]
    spreads: dict[str, float]
    cache_miss: float
    miss_factor: float
    busy_factor: float
    trend: float
    steps: tuple[tuple[float, float], ...]
    tail: float
    tests: int
    flaky: float
    skipped: float
    cpu: float
    memory: float


def a_profile(name: str, rng: random.Random) -> Profile:
    """A pipeline such as a team may have. ``steps``: (place in the history, factor) of small, harmless changes."""
    return Profile(
        name=name,
        medians={phase: rng.uniform(*MEDIAN_SECONDS[phase]) for phase in PHASES},
        spreads={phase: rng.uniform(0.04, 0.18) for phase in PHASES},
        cache_miss=rng.uniform(0.03, 0.15),
        miss_factor=rng.uniform(1.8, 4.0),
        busy_factor=rng.uniform(1.0, 1.2),
        trend=rng.uniform(-0.1, 0.5),
        steps=tuple((rng.random(), rng.uniform(0.88, 1.15)) for _ in range(rng.randrange(3))),
        tail=rng.uniform(0.01, 0.05),
        tests=rng.randrange(50, 3000),
        flaky=rng.choice((0.0, 0.02, 0.05, 0.15)),
        skipped=rng.uniform(0.0, 0.05),
        cpu=rng.uniform(25.0, 85.0),
        memory=rng.uniform(20.0, 70.0),
    )


def starts(runs: int, rng: random.Random) -> list[datetime]:
    """When the runs of a pipeline start: in bursts and pauses, about ten a day."""
    moments, now = [], START + timedelta(hours=rng.uniform(0, 24))
    for _ in range(runs):
        now += timedelta(hours=rng.expovariate(0.4))
        moments.append(now)
    return moments


def normal_run(profile: Profile, moment: datetime, place: float, rng: random.Random) -> RunDict:
    """A run at ``place`` (0 to 1) of the pipeline's history: as a rule it passes, in 6 % a developer broke it."""
    phases = _phases(profile, moment, place, rng)
    run: RunDict = {
        "pipeline": f"codebuild:{profile.name}",
        "status": "SUCCEEDED",
        "started_at": moment.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "duration_s": round(sum(phases.values()) + OVERHEAD_SECONDS, 1),
        "phases": phases,
        "tests": _tests(profile, place, rng),
    }
    if rng.random() >= NO_METRICS:
        run["cpu_percent"] = _percent(profile.cpu * rng.lognormvariate(0, 0.07))
        run["memory_percent"] = _percent(profile.memory * (1 + 0.1 * place) * rng.lognormvariate(0, 0.05))
    if rng.random() < DEVELOPER_FAILURE:
        _broken_by_developer(run, rng)
    return run


def _phases(profile: Profile, moment: datetime, place: float, rng: random.Random) -> dict[str, float]:
    busy = profile.busy_factor if moment.hour in BUSY_HOURS and moment.weekday() < 5 else 1.0
    growth = 1 + profile.trend * place
    for since, factor in profile.steps:
        growth *= factor if place >= since else 1.0
    seconds = {}
    for phase in PHASES:
        value = profile.medians[phase] * rng.lognormvariate(0, profile.spreads[phase]) * busy
        value *= growth if phase in ("BUILD", "POST_BUILD") else 1.0
        if phase in HEAVY_TAILED and rng.random() < profile.tail:
            value *= 1.2 + rng.expovariate(2.0)
        seconds[phase] = value
    if rng.random() < profile.cache_miss:
        seconds["INSTALL"] *= profile.miss_factor * rng.lognormvariate(0, 0.1)
    return {phase: round(value, 1) for phase, value in seconds.items()}


def _tests(profile: Profile, place: float, rng: random.Random) -> dict[str, int]:
    total = round(profile.tests * (1 + 0.3 * place))
    failed = rng.choice((1, 1, 2)) if rng.random() < profile.flaky else 0
    return {"total": total, "failed": failed, "skipped": round(total * profile.skipped)}


def _broken_by_developer(run: RunDict, rng: random.Random) -> None:
    """The run ends in the build or in its tests; what came after never was, the phase that failed has no time."""
    run["status"] = "FAILED"
    last = rng.choice(("BUILD", "POST_BUILD"))
    reached = run["phases"][last] * rng.uniform(0.1, 1.0)
    finished = {phase: run["phases"][phase] for phase in PHASES[: PHASES.index(last)]}
    run["phases"] = finished
    run["duration_s"] = round(sum(finished.values()) + reached + OVERHEAD_SECONDS, 1)
    if last == "BUILD":
        del run["tests"]
    else:
        run["tests"]["failed"] = min(run["tests"]["total"], rng.choice((1, 1, 2, 3)))


def _percent(value: float) -> float:
    return round(min(99.5, max(0.5, value)), 1)
