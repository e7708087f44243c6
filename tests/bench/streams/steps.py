"""Steps of a workflow, read as the phases that a CodeBuild build of the same work would have."""

import re
from collections import defaultdict
from dataclasses import dataclass

PHASES = (
    ("FINALIZING", re.compile(r"(?i)^(post |complete job)")),
    ("PROVISIONING", re.compile(r"(?i)^set up job")),
    ("DOWNLOAD_SOURCE", re.compile(r"(?i)checkout")),
    ("UPLOAD_ARTIFACTS", re.compile(r"(?i)^(upload|publish|deploy|copy files|cache pio$)")),
    (
        "INSTALL",
        re.compile(r"(?i)^(set ?up|setup|cache|restore|install|log in|download|configure|run actions/setup)"),
    ),
    (
        "PRE_BUILD",
        re.compile(r"(?i)(eslint|prettier|copy third|ensure|grant|setup-dependencies|copy static)"),
    ),
    ("POST_BUILD", re.compile(r"(?i)(tests?\b|report|scan|merge|close)")),
    ("BUILD", re.compile(r"")),
)
LEAST_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Step:
    """One step of one job: how it ended and how many seconds it took."""

    job: str
    name: str
    conclusion: str
    seconds: float


def phase_of(step: str) -> str:
    """The CodeBuild phase whose work the step does; BUILD for everything that no rule knows."""
    return next(phase for phase, pattern in PHASES if pattern.search(step))


def phases(steps: list[Step]) -> dict[str, float]:
    """Seconds by phase of the longest job, without the phases in which a step did not end well.

    Jobs of a workflow run beside each other, so their steps do not add up; the longest one decides when the
    build is over. Phases under a second say nothing at a resolution of a second and are left out.
    """
    jobs: dict[str, list[Step]] = defaultdict(list)
    for step in steps:
        jobs[step.job].append(step)
    longest = max(jobs.values(), key=lambda job: sum(step.seconds for step in job), default=[])
    seconds: dict[str, float] = defaultdict(float)
    for step in longest:
        seconds[phase_of(step.name)] += step.seconds
    broken = {phase_of(step.name) for step in longest if step.conclusion in ("failure", "cancelled")}
    return {phase: s for phase, s in seconds.items() if s >= LEAST_SECONDS and phase not in broken}
