"""The calls of a deployed function are held against its role's policies."""

from __future__ import annotations

import io
import json
import uuid
import zipfile
from collections.abc import Callable
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

Json = dict[str, Any]
CODE = """
import boto3
from botocore.exceptions import ClientError

def handler(event, context):
    try:
        reply = getattr(boto3.client("codebuild"), event["call"])(**event["parameters"])
    except ClientError as error:
        return error.response["Error"]
    return {"initiator": reply.get("build", {}).get("initiator"), "builds": len(reply.get("builds", []))}
"""


def archive() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as bundle:
        bundle.writestr("app.py", CODE)
    return buffer.getvalue()


@pytest.fixture
def deployed(cloud: Any) -> Callable[[list[Json]], Callable[..., Json]]:
    """Deploys a function with a role of the given statements and returns a way to make it call CodeBuild."""

    def deploy(statements: list[Json]) -> Callable[..., Json]:
        name, iam, functions = f"act-{uuid.uuid4().hex[:8]}", cloud.client("iam"), cloud.client("lambda")
        trust = {
            "Effect": "Allow",
            "Principal": {"Service": "lambda.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
        role = iam.create_role(
            RoleName=f"{name}-role",
            AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]}),
        )["Role"]
        iam.put_role_policy(
            RoleName=f"{name}-role",
            PolicyName="calls",
            PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": statements}),
        )
        functions.create_function(
            FunctionName=name,
            Role=role["Arn"],
            Runtime="python3.13",
            Handler="app.handler",
            Code={"ZipFile": archive()},
            Timeout=300,
        )

        def call(operation: str, **parameters: Any) -> Json:
            payload = json.dumps({"call": operation, "parameters": parameters})
            reply = functions.invoke(FunctionName=name, Payload=payload)
            return dict(json.loads(reply["Payload"].read()), function=name)

        return call

    return deploy


def allow(actions: list[str], project: str) -> Json:
    arn = f"arn:aws:codebuild:us-east-1:000000000000:project/{project}"
    return {"Effect": "Allow", "Action": actions, "Resource": arn}


def test_a_function_may_do_what_its_role_allows_and_nothing_else(
    deployed: Any, make_repository: Any, project: Any, build: Any
) -> None:
    repository = make_repository({"buildspec.yml": "version: 0.2\nphases: {build: {commands: ['true']}}\n"})
    mine, other = project(repository), project(repository)
    done, foreign = build(mine), build(other)
    call = deployed([allow(["codebuild:RetryBuild", "codebuild:BatchGetBuilds"], mine)])

    assert call("batch_get_builds", ids=[done["id"]])["builds"] == 1
    retried = call("retry_build", id=done["id"])
    assert retried["initiator"] == f"{retried['function']}-role/{retried['function']}"

    refused = call("retry_build", id=foreign["id"])
    assert refused["Code"] == "AccessDeniedException"
    assert refused["Message"] == (
        f"User: arn:aws:sts::000000000000:assumed-role/{refused['function']}-role/{refused['function']} "
        "is not authorized to perform: codebuild:RetryBuild on resource: "
        f"arn:aws:codebuild:us-east-1:000000000000:project/{other} "
        "because no identity-based policy allows the codebuild:RetryBuild action"
    )
    # One foreign build is enough to refuse the whole call.
    assert call("batch_get_builds", ids=[done["id"], foreign["id"]])["Code"] == "AccessDeniedException"
    assert call("start_build", projectName=mine)["Code"] == "AccessDeniedException"
    assert call("list_builds")["Code"] == "AccessDeniedException"


def test_a_denied_override_is_refused_and_an_absent_one_is_not(
    deployed: Any, make_repository: Any, project: Any
) -> None:
    name = project(
        make_repository({"buildspec.yml": "version: 0.2\nphases: {build: {commands: ['true']}}\n"})
    )
    deny = {
        "Effect": "Deny",
        "Action": "codebuild:StartBuild",
        "Resource": "*",
        "Condition": {"Null": {"codebuild:source.buildspec": "false"}},
    }
    call = deployed([allow(["codebuild:StartBuild"], name), deny])
    assert call("start_build", projectName=name, cacheOverride={"type": "NO_CACHE"})["initiator"]
    refused = call("start_build", projectName=name, buildspecOverride="version: 0.2\nphases: {}\n")
    assert refused["Code"] == "AccessDeniedException"
    assert "explicit deny" in refused["Message"]


def test_a_right_that_is_tied_to_a_tag_ends_at_projects_without_it(
    deployed: Any, make_repository: Any, project: Any, build: Any
) -> None:
    repository = make_repository({"buildspec.yml": "version: 0.2\nphases: {build: {commands: ['true']}}\n"})
    tagged = build(project(repository, tags=[{"key": "selfheal", "value": "enabled"}]))
    bare = build(project(repository))
    condition = {"StringEquals": {"aws:ResourceTag/selfheal": "enabled"}}
    call = deployed([allow(["codebuild:RetryBuild"], "*") | {"Condition": condition}])
    assert call("retry_build", id=tagged["id"])["initiator"]
    assert call("retry_build", id=bare["id"])["Code"] == "AccessDeniedException"


def test_an_unknown_key_is_refused(cloud: Any) -> None:
    make: Any = boto3.client
    stranger = make(
        "codebuild",
        endpoint_url=cloud.devtools_url,
        region_name="us-east-1",
        aws_access_key_id="ASIA0000000000000000",
        aws_secret_access_key="unknown",
    )
    with pytest.raises(ClientError) as refused:
        stranger.list_projects()
    assert refused.value.response["Error"]["Code"] == "UnrecognizedClientException"
