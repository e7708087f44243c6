"""IAM condition keys of StartBuild: which overrides a request carries.

Source: AWS CodeBuild user guide, "condition keys", and the service authorization reference. There is no key
for the source version, the time-outs and the idempotency token.
"""

from __future__ import annotations

from local.devtools.operations import Conditions
from local.devtools.wire import Json

KEY_OF_OVERRIDE = {
    "sourceTypeOverride": "source.type",
    "sourceLocationOverride": "source.location",
    "sourceAuthOverride": "source.auth.resource",
    "buildspecOverride": "source.buildspec",
    "insecureSslOverride": "source.insecureSsl",
    "buildStatusConfigOverride": "source.buildStatusConfig.context",
    "secondarySourcesOverride": "secondarySources",
    "artifactsOverride": "artifacts",
    "secondaryArtifactsOverride": "secondaryArtifacts",
    "environmentTypeOverride": "environment.type",
    "imageOverride": "environment.image",
    "computeTypeOverride": "environment.computeType",
    "certificateOverride": "environment.certificate",
    "privilegedModeOverride": "environment.privilegedMode",
    "registryCredentialOverride": "environment.registryCredential",
    "imagePullCredentialsTypeOverride": "environment.imagePullCredentialsType",
    "fleetOverride": "environment.fleet.fleetArn",
    "environmentVariablesOverride": "environment.environmentVariables",
    "cacheOverride": "cache",
    "logsConfigOverride": "logsConfig",
    "serviceRoleOverride": "serviceRole",
    "encryptionKeyOverride": "encryptionKey",
    "autoRetryLimitOverride": "autoRetryLimit",
}


def start_build_conditions(params: Json) -> Conditions:
    """Keys in lower case, as the evaluator wants them; a key that is absent was not overridden."""
    keys: Conditions = {}
    for member, key in KEY_OF_OVERRIDE.items():
        if member in params:
            keys[key] = _value(params[member])
            keys.setdefault(key.split(".")[0], "true")
    for variable in params.get("environmentVariablesOverride", []):
        keys[f"environment.environmentvariables/{variable['name']}.value"] = variable["value"]
        for member in ("name", "value"):
            keys.setdefault(f"environment.environmentVariables.{member}", []).append(variable[member])
    return {f"codebuild:{key}".lower(): value for key, value in keys.items()}


def _value(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return value if isinstance(value, str) else "true"
