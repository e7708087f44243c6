"""Causes and metrics in the words people use."""

import re

from selfheal.domain.diagnosis import Cause
from selfheal.domain.score import Blame

CAUSE_WORDS = {
    Cause.INFRA_FLAKE: "the build environment failed",
    Cause.NETWORK: "a network connection failed",
    Cause.REGISTRY_RATE_LIMIT: "a registry refused requests because there were too many",
    Cause.EXTERNAL_SERVICE: "a service outside the pipeline failed",
    Cause.QUOTA: "an account limit was reached",
    Cause.DISK_FULL: "the disk is full",
    Cause.OOM: "the run ran out of memory",
    Cause.TIMEOUT: "the time limit was reached",
    Cause.SOURCE_ERROR: "the source could not be had",
    Cause.CANCELLED: "someone or something stopped the run",
    Cause.FLAKY_TEST: "a test failed that shows the marks of a flaky one",
    Cause.TEST_FAILURE: "a test failed",
    Cause.COMPILE_ERROR: "the code does not compile",
    Cause.LINT_QUALITY: "a quality check failed",
    Cause.DEPENDENCY_RESOLUTION: "a dependency could not be resolved",
    Cause.CONFIG_ERROR: "the pipeline's configuration is wrong",
    Cause.AUTH_PERMISSION: "a permission is missing",
    Cause.DEPLOY_FAILURE: "the deployment failed",
    Cause.UNKNOWN: "the evidence does not show why",
}
_PHASE = re.compile(r"(?:phases?[.:_/\[])?([A-Z][A-Z_]{2,23})(?:\]|_seconds)?")
_METRICS = {
    "duration": ("the whole run took", " s"),
    "queued": ("the run waited in the queue for", " s"),
    "cpu": ("average CPU use was", " %"),
    "memory": ("average memory use was", " %"),
    "tests": ("the number of tests was", ""),
}


def blame_words(blame: Blame) -> str:
    """One odd metric in a clause: ``BUILD phase took 41 s, 4.1x its median of 10 s``."""
    subject, unit = _subject(blame.metric)
    return f"{subject} {blame.value:.4g}{unit}, {_compared(blame)} its median of {blame.median:.4g}{unit}"


def _subject(metric: str) -> tuple[str, str]:
    if phase := _PHASE.fullmatch(metric):
        return f"{phase[1]} phase took", " s"
    known = next((words for name, words in _METRICS.items() if metric.startswith(name)), None)
    return known or (f"{metric} was", "")


def _compared(blame: Blame) -> str:
    return f"{blame.ratio:.2g}x" if blame.ratio < 10 else f"{blame.ratio:.0f}x"
