"""The suggestion without a model: the finding, what to do about such a cause, what the remedy does."""

from selfheal.domain.decision import NOTIFY
from selfheal.domain.diagnosis import SCORE, Cause, Diagnosis, Suspect
from selfheal.domain.remedy import Remedy

WHAT_TO_DO = {
    Cause.INFRA_FLAKE: "Build the same commit again; if it comes back, look at the build host and its image.",
    Cause.NETWORK: "Build again; if it comes back, check DNS, proxy and the network path to that host.",
    Cause.REGISTRY_RATE_LIMIT: "Wait before building again; pull with an account or through a cache.",
    Cause.EXTERNAL_SERVICE: "Wait until the other service has recovered, then build again.",
    Cause.QUOTA: "Have the limit raised, or run fewer builds at the same time.",
    Cause.DISK_FULL: "Free space (old images, caches, artifacts) or take a compute type with a larger disk.",
    Cause.OOM: "Take a larger compute type, run fewer jobs in parallel, or raise the heap limit.",
    Cause.TIMEOUT: "Find the step that hangs or has become slow; raise the limit only if it is too short.",
    Cause.SOURCE_ERROR: "Check that the branch, tag or commit still exists and that it merges.",
    Cause.CANCELLED: "Nothing is wrong with the change; start the run again when it is wanted.",
    Cause.FLAKY_TEST: "Build again, and make the test independent of time, order and ports.",
    Cause.TEST_FAILURE: "Look at the failed test and the change; building again will not help.",
    Cause.COMPILE_ERROR: "Fix the first error the compiler names; building again will not help.",
    Cause.LINT_QUALITY: "Fix what the check names, or run its formatter; building again will not help.",
    Cause.DEPENDENCY_RESOLUTION: "Check the dependency's name and version, and update the lock file.",
    Cause.CONFIG_ERROR: "Correct the build definition, image or parameter that the evidence names.",
    Cause.AUTH_PERMISSION: "Give the role or token the permission that was refused, or renew it.",
    Cause.DEPLOY_FAILURE: "Look at the new version's health checks and events before deploying it again.",
    Cause.UNKNOWN: "Read the lines shown and the full log; there was not enough to go by for more.",
}
_SUSPECT_WORDS = {
    Suspect.NONE: "",
    Suspect.CACHE: "The build cache is the likely culprit: a build without it can tell.",
}
_ODD_BUT_PASSED = (
    "The numbers are certain, their cause is not: compare the phase's log with that of an earlier run."
)


def explain(diagnosis: Diagnosis, remedy: Remedy) -> str:
    """An explanation good enough to act on: the finding, the advice, the remedy proposed."""
    advice = _ODD_BUT_PASSED if diagnosis.source == SCORE else WHAT_TO_DO[diagnosis.cause]
    proposal = (
        "Selfheal repeats nothing here."
        if remedy.id == NOTIFY
        else f"Proposed remedy: {remedy.summary} ({remedy.id})."
    )
    finding = diagnosis.summary.rstrip(". ") + "."
    return " ".join(filter(None, (finding, _SUSPECT_WORDS[diagnosis.suspect], advice, proposal)))
