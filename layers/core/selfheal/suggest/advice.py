"""What each cause means and what to do about it, written for the engineer on duty. Data, and nothing else."""

from dataclasses import dataclass

from selfheal.domain.diagnosis import Cause, Suspect


@dataclass(frozen=True, slots=True)
class Advice:
    """``means``: what happened, in one or two sentences. ``do``: the next steps, first things first."""

    means: str
    do: str


ADVICE = {
    Cause.INFRA_FLAKE: Advice(
        "The machine or service that runs the build failed, not the code it was building.",
        "Build the same commit again. If the second build fails in the same way, look at what changed underneath: the "
        "build image's digest, the runner or fleet, and the AWS Health Dashboard of this Region.",
    ),
    Cause.NETWORK: Advice(
        "A connection broke, timed out or could not be made while the build was fetching or sending something.",
        "Build again. If the same host fails twice, try it from a build in the same subnet (name "
        "resolution first, then the port), and check proxy variables, NAT gateway, security groups and endpoints.",
    ),
    Cause.REGISTRY_RATE_LIMIT: Advice(
        "A package or image registry refused to serve more requests for now.",
        "Wait before building again, or the next build meets the same limit. To be rid of it: log in before pulling "
        "(anonymous limits are the lowest), and pull through a cache such as an ECR pull-through rule or CodeArtifact.",
    ),
    Cause.EXTERNAL_SERVICE: Advice(
        "A service that the build depends on, but does not own, answered with an error of its own.",
        "Look at that service's status page, wait until it has recovered, then build again. If builds need it every "
        "time, give the step retries with growing pauses, or a mirror.",
    ),
    Cause.QUOTA: Advice(
        "The account has reached a limit: so many builds, instances, addresses or requests at a time and no more.",
        "Wait for running work to end, then build again. If it comes back, find the limit that the evidence names in "
        "Service Quotas and ask for more, or limit the project's concurrent builds.",
    ),
    Cause.DISK_FULL: Advice(
        "The build ran out of disk space.",
        "See what fills it (`df -h` and `du -xh --max-depth=2 /` before the failing step). Usual suspects: layers and "
        "images of earlier builds in the cache, unpacked artifacts, core dumps. Remove them, or take a compute type "
        "with a larger disk.",
    ),
    Cause.OOM: Advice(
        "A process was killed because the memory was used up (often seen as exit code 137).",
        "Compare the memory that the process was given with what the compute type has. Run fewer workers at a time, "
        "set the heap limit explicitly (-Xmx, --max-old-space-size), or take the next larger compute type. A sudden "
        "jump in memory since the last good run points at the change itself.",
    ),
    Cause.TIMEOUT: Advice(
        "A step was still running when its time was up and was stopped.",
        "Compare the phase's duration with that of earlier runs. If it was creeping up, raise the limit or split the "
        "step; if it jumped, the last line before the stop shows where it hangs: a prompt that waits for input, "
        "a lock, a host that never answers, a test without a time limit of its own.",
    ),
    Cause.SOURCE_ERROR: Advice(
        "The source could not be fetched or did not fit together: a missing branch, tag or submodule, or a merge "
        "conflict.",
        "Check that the commit or branch still exists (a force push or a deleted branch takes it away), that it merges "
        "with its base, and that the connection to the repository is still authorised.",
    ),
    Cause.CANCELLED: Advice(
        "Somebody or something stopped the run before it was done; that says nothing about the change.",
        "Start it again if its result is still wanted. If nobody stopped it, a newer run may have replaced it.",
    ),
    Cause.FLAKY_TEST: Advice(
        "A test failed in a way that tests fail by chance: timing, order, ports, or another test's leftovers.",
        "Build the same commit again. Whatever that gives, the test needs mending: repeat it on its own and in random "
        "order, replace sleeps by waiting for the thing itself, and give every test its own port, file and clock.",
    ),
    Cause.TEST_FAILURE: Advice(
        "A test found what it is there to find; another build of the same commit will most likely find it again.",
        "Run the failed test on the change's branch, then on its base: if only the branch fails, the change is to "
        "blame. Mend the code, or the test where it asks for yesterday's behaviour.",
    ),
    Cause.COMPILE_ERROR: Advice(
        "The code does not compile, so it will not compile in another attempt either.",
        "Mend the first error that the compiler names; those after it often follow from it. If it compiles on your "
        "machine, compare compiler and dependency versions with those of the build image.",
    ),
    Cause.LINT_QUALITY: Advice(
        "A style, type or quality check refused the code; building again changes nothing.",
        "Run the same check locally: most have a mode that mends what they complain about (--fix, --write). If nobody "
        "touched those files, the checker itself was updated: pin its version.",
    ),
    Cause.DEPENDENCY_RESOLUTION: Advice(
        "The dependencies that were asked for do not exist, do not fit together or do not match the lock file.",
        "Check name and version against the registry, then refresh and commit the lock file. If nothing of yours "
        "changed, something upstream did: a version was withdrawn, or a range now resolves to a newer release; pin it.",
    ),
    Cause.CONFIG_ERROR: Advice(
        "The build is told something that cannot work: a wrong file, command, image, variable or parameter.",
        "Correct what the evidence names. Compare buildspec, project settings and environment variables with those of "
        "the last good run: a variable that is missing or empty is the most frequent reason.",
    ),
    Cause.AUTH_PERMISSION: Advice(
        "Something refused the credentials: they are missing, have expired, or may not do this.",
        "Read who was refused, what and where: the message names role, action and resource. Add just that right, or "
        "renew the token. If it worked yesterday, look for a rotated secret or a changed policy.",
    ),
    Cause.DEPLOY_FAILURE: Advice(
        "The new version was installed but did not become healthy, so the deployment was stopped.",
        "Look at the new version's own log and health check before deploying it once more: start-up errors, missing "
        "configuration, a port that nobody listens on. Roll back if users are affected; mend at leisure after that.",
    ),
    Cause.UNKNOWN: Advice(
        "The evidence does not show a cause, and a guess would cost more of your time than it saves.",
        "Begin at the last lines before the failure in the full log, and compare them with the last good run of this "
        "pipeline: the first line that differs is usually the place.",
    ),
}
SUSPECTS = {
    Suspect.NONE: "",
    Suspect.CACHE: "The build cache is the likely culprit: a build without it will tell.",
}
ODD_BUT_PASSED = Advice(
    "The run passed, but its numbers are far from what is normal for this pipeline. The numbers are certain; their "
    "cause is not known.",
    "Put the log of the phase that stands out beside that of an ordinary run. If the new level is there to stay (more "
    "tests, a larger image), nothing needs doing: Selfheal learns it.",
)
HARMS_USERS = Advice(
    "The deployment went well, but an alarm of the deployed service went off soon after it. Alarms say that users are "
    "hurt, not by what: the deployment is the change that is known.",
    "Go back to the last good version first and look for the reason after that: compare the service's own log and "
    "metrics before and after the deployment. If the alarm stays, the deployment was not to blame: look at what else "
    "changed, such as traffic, a dependency, a setting or data.",
)
