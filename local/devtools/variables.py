"""The environment variables that a build sees."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from local.devtools.builds import ACCOUNT, REGION, Build

# All else of the simulator's own environment, its credentials above all, stays out of builds.
PASSED_ON = ("LANG", "LC_ALL", "TZ")


def build_variables(build: Build, root: Path, source: Path, of_buildspec: dict[str, str]) -> dict[str, str]:
    """Host basics and CodeBuild's variables, then those of the buildspec, the project and the starting call.

    ``root`` is the build's directory, ``source`` the checkout in it. A later source overrules an earlier one.
    """
    return {
        **host_variables(root),
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        **codebuild_variables(build, source),
        **of_buildspec,
        **build.plan.variables,
    }


def host_variables(root: Path) -> dict[str, str]:
    """What a process needs of its host: programs, with this Python's first, and homes below ``root``."""
    python = str(Path(sys.executable).parent)
    return {
        **{name: os.environ[name] for name in PASSED_ON if name in os.environ},
        "PATH": os.pathsep.join([python, os.environ.get("PATH", os.defpath)]),
        "HOME": str(root / "home"),
        "TMPDIR": str(root / "tmp"),
    }


def codebuild_variables(build: Build, source: Path) -> dict[str, str]:
    """What CodeBuild tells every build about itself."""
    plan = build.plan
    variables = {
        "CODEBUILD_BUILD_ID": build.id,
        "CODEBUILD_BUILD_ARN": build.arn,
        "CODEBUILD_BUILD_NUMBER": str(build.number),
        "CODEBUILD_BUILD_IMAGE": plan.environment["image"],
        "CODEBUILD_BUILD_SUCCEEDING": "1",
        "CODEBUILD_CI": "true",
        "CODEBUILD_INITIATOR": build.initiator,
        "CODEBUILD_LOG_PATH": build.uuid,
        "CODEBUILD_PROJECT_ARN": f"arn:aws:codebuild:{REGION}:{ACCOUNT}:project/{plan.project}",
        "CODEBUILD_SRC_DIR": str(source),
        "CODEBUILD_START_TIME": str(int(build.started * 1000)),
        "CI": "true",
    }
    optional = {
        "CODEBUILD_RESOLVED_SOURCE_VERSION": build.resolved_version,
        "CODEBUILD_SOURCE_VERSION": plan.source_version,
        "CODEBUILD_SOURCE_REPO_URL": plan.source.get("location"),
    }
    return variables | {name: value for name, value in optional.items() if value}
