"""retry_build_bigger: build the same commit on the next larger compute type, once."""

from selfheal.domain.action import Plan
from selfheal.domain.diagnosis import Cause
from selfheal.domain.errors import ActionRefused
from selfheal.domain.remedy import Remedy, Risk
from selfheal.domain.run import Run
from selfheal.remedies.builds import READS_BUILDS, STOP_THE_BUILD, lost, not_anew
from selfheal.remedy_ports import BuildDetails, Overrides, Tools

find = lost

REMEDY = Remedy(
    id="retry_build_bigger",
    summary="build the same commit again on the next larger compute type",
    causes=frozenset({Cause.OOM, Cause.DISK_FULL}),
    risk=Risk.SPENDS,
    iam_actions=READS_BUILDS | {"codebuild:StartBuild"},
    undo=f"{STOP_THE_BUILD} (the project keeps its compute type)",
    needs_transient=False,
    made_for=frozenset({Cause.OOM, Cause.DISK_FULL}),
)

# What each kind of environment offers on demand (CodeBuild user guide, "Build environment compute modes and types").
_GENERAL = ("SMALL", "MEDIUM", "LARGE", "XLARGE", "2XLARGE")
_LAMBDA = tuple(f"BUILD_LAMBDA_{size}GB" for size in (1, 2, 4, 8, 10))
_SIZES = {
    "LINUX_CONTAINER": tuple(f"BUILD_GENERAL1_{size}" for size in _GENERAL),
    "ARM_CONTAINER": tuple(f"BUILD_GENERAL1_{size}" for size in _GENERAL),
    "LINUX_GPU_CONTAINER": ("BUILD_GENERAL1_SMALL", "BUILD_GENERAL1_LARGE"),
    "WINDOWS_SERVER_2019_CONTAINER": ("BUILD_GENERAL1_MEDIUM", "BUILD_GENERAL1_LARGE"),
    "WINDOWS_SERVER_2022_CONTAINER": ("BUILD_GENERAL1_MEDIUM", "BUILD_GENERAL1_LARGE"),
    "LINUX_LAMBDA_CONTAINER": _LAMBDA,
    "ARM_LAMBDA_CONTAINER": _LAMBDA,
}
# The larger types whose disk is no larger (128 GB; on Lambda 10 GB whatever the type).
_SAME_DISK = {"BUILD_GENERAL1_MEDIUM": ("BUILD_GENERAL1_LARGE",), **dict.fromkeys(_LAMBDA, _LAMBDA)}


def preflight(run: Run, tools: Tools) -> str:
    """See RemedyModule."""
    if reason := not_anew(run, tools):
        return reason
    details = tools.builds.details(run.ref.run_id)
    return "" if next_size(details, tools.case.cause) else _why_not(details, tools.case.cause)


def plan(run: Run, tools: Tools) -> Plan:
    """See RemedyModule."""
    details = tools.builds.details(run.ref.run_id)
    size = next_size(details, tools.case.cause)
    if not size:
        raise ActionRefused(_why_not(details, tools.case.cause))
    return Plan(REMEDY.id, run.ref.run_id, run.source_version, {"compute_type": size})


def start(plan: Plan, run: Run, tools: Tools, token: str) -> str:
    """See RemedyModule."""
    overrides = Overrides(compute_type=plan.parameters["compute_type"])
    return tools.builds.start(run.ref.key.name, plan.commit, overrides, token)


def next_size(details: BuildDetails, cause: str) -> str:
    """The next compute type of the same environment with more memory, or more disk where that ran full; empty when
    there is none."""
    sizes = () if details.fleet else _SIZES.get(details.environment_type, ())
    larger = sizes[sizes.index(details.compute_type) + 1 :] if details.compute_type in sizes else ()
    if cause == Cause.DISK_FULL:
        same = _SAME_DISK.get(details.compute_type, ())
        larger = tuple(size for size in larger if size not in same)
    return next(iter(larger), "")


def _why_not(details: BuildDetails, cause: str) -> str:
    if details.fleet:
        return "the build runs on a fleet, whose machines are all of one size"
    if details.compute_type not in _SIZES.get(details.environment_type, ()):
        return f"it is not known what is larger than {details.compute_type} in {details.environment_type}"
    if cause == Cause.DISK_FULL:
        return f"no compute type of {details.environment_type} has a larger disk than {details.compute_type}"
    return f"{details.compute_type} is the largest compute type of {details.environment_type} already"
