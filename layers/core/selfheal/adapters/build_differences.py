"""What a build was started with that its project alone would not give."""

from collections.abc import Iterator

from selfheal.adapters.calls import Json

_TOP = {
    "serviceRole": "service role",
    "timeoutInMinutes": "time-out",
    "queuedTimeoutInMinutes": "queue time-out",
    "secondarySources": "secondary sources",
    "secondarySourceVersions": "secondary source versions",
}
_SOURCE = {"type": "source type", "location": "source location", "buildspec": "buildspec"}
_ENVIRONMENT = {
    "type": "environment type",
    "image": "image",
    "computeType": "compute type",
    "fleet": "fleet",
    "privilegedMode": "privileged mode",
    "imagePullCredentialsType": "image pull credentials",
    "registryCredential": "registry credential",
    "certificate": "certificate",
}


def differences(build: Json, project: Json) -> Iterator[str]:
    """The names of all settings in which the build differs from its project (both as the API shows them)."""
    source, environment = build.get("source", {}), build.get("environment", {})
    yield from _differing(_TOP, build, project)
    yield from _differing(_SOURCE, source, project.get("source", {}))
    yield from _differing(_ENVIRONMENT, environment, project.get("environment", {}))
    yield from _variables(environment, project.get("environment", {}))
    if source.get("type") == "CODEPIPELINE":
        yield "source that a pipeline gave it"
    if build.get("buildBatchArn"):
        yield "settings of the build batch it belongs to"


def _differing(names: dict[str, str], ours: Json, theirs: Json) -> Iterator[str]:
    # The API leaves a setting out where another reply says false, empty or none.
    return (words for key, words in names.items() if (ours.get(key) or None) != (theirs.get(key) or None))


def _variables(ours: Json, theirs: Json) -> Iterator[str]:
    mine, base = _by_name(ours), _by_name(theirs)
    for name in sorted(mine.keys() | base.keys()):
        if mine.get(name) != base.get(name):
            yield f"environment variable {name}"


def _by_name(environment: Json) -> dict[str, tuple[str, str]]:
    return {
        variable["name"]: (variable["value"], variable.get("type", "PLAINTEXT"))
        for variable in environment.get("environmentVariables", [])
    }
