"""Callers and their rights, against policies held in memory."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

import pytest

from local.devtools.access import ROOT, Access
from local.devtools.conditions import start_build_conditions
from local.devtools.errors import ServiceError
from local.devtools.operations import Caller

Json = dict[str, Any]
FUNCTION = "arn:aws:lambda:us-east-1:000000000000:function:execute"
ROLE = "arn:aws:iam::000000000000:role/execute-role"
SHOP = "arn:aws:codebuild:us-east-1:000000000000:project/shop"
BANK = "arn:aws:codebuild:us-east-1:000000000000:project/bank"


class Functions:
    """The Lambda API with one function."""

    def get_paginator(self, name: str) -> Functions:
        assert name == "list_functions"
        return self

    def paginate(self, **_: Any) -> Iterator[Json]:
        yield {"Functions": [{"FunctionName": "execute", "FunctionArn": f"{FUNCTION}:$LATEST", "Role": ROLE}]}


class Iam:
    """The IAM API with one role, an inline policy and perhaps a boundary."""

    def __init__(self, statements: list[Json], boundary: list[Json] | None = None) -> None:
        self.statements, self.boundary = statements, boundary

    def list_role_policies(self, RoleName: str) -> Json:  # noqa: N803 - boto3's spelling
        return {"PolicyNames": ["calls"]}

    def get_role_policy(self, RoleName: str, PolicyName: str) -> Json:  # noqa: N803
        return {"PolicyDocument": {"Version": "2012-10-17", "Statement": self.statements}}

    def list_attached_role_policies(self, RoleName: str) -> Json:  # noqa: N803
        return {"AttachedPolicies": []}

    def get_role(self, RoleName: str) -> Json:  # noqa: N803
        limit = {"PermissionsBoundary": {"PermissionsBoundaryArn": "boundary"}} if self.boundary else {}
        return {"Role": limit}

    def get_policy(self, PolicyArn: str) -> Json:  # noqa: N803
        return {"Policy": {"DefaultVersionId": "v1"}}

    def get_policy_version(self, PolicyArn: str, VersionId: str) -> Json:  # noqa: N803
        return {"PolicyVersion": {"Document": {"Version": "2012-10-17", "Statement": self.boundary}}}


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def session_header() -> str:
    key = "ASIA" + hashlib.sha256(f"{FUNCTION}:{ROLE}".encode()).hexdigest()[:16].upper()
    return f"AWS4-HMAC-SHA256 Credential={key}/20260101/us-east-1/codebuild/aws4_request, Signature=0"


def rule(effect: str, action: str, resource: str, **condition: Any) -> Json:
    more = {"Condition": condition} if condition else {}
    return {"Effect": effect, "Action": action, "Resource": resource, **more}


def caller(access: Access) -> Caller:
    return access.caller(session_header())


def test_a_function_is_known_by_its_session_key() -> None:
    known = caller(Access(Functions(), Iam([])))
    assert known.initiator == "execute-role/execute"
    assert known.arn == "arn:aws:sts::000000000000:assumed-role/execute-role/execute"


def test_root_may_do_everything() -> None:
    access = Access(Functions(), Iam([]))
    root = access.caller("AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/codebuild/aws4_request")
    assert root == ROOT
    access.authorize(root, "codebuild:DeleteProject", {SHOP: {}}, {})


@pytest.mark.parametrize(
    ("header", "code"),
    [
        (None, "MissingAuthenticationTokenException"),
        ("Bearer x", "MissingAuthenticationTokenException"),
        ("AWS4-HMAC-SHA256 Credential=ASIAUNKNOWN/2026", "UnrecognizedClientException"),
    ],
)
def test_a_stranger_is_refused(header: str | None, code: str) -> None:
    with pytest.raises(ServiceError) as refused:
        Access(Functions(), Iam([])).caller(header)
    assert refused.value.code == code


@pytest.mark.parametrize(
    ("statements", "resources", "allowed"),
    [
        ([rule("Allow", "codebuild:StartBuild", SHOP)], [SHOP], True),
        ([rule("Allow", "codebuild:Start*", "*")], [SHOP, BANK], True),
        ([rule("Allow", "codebuild:StartBuild", SHOP)], [SHOP, BANK], False),
        ([rule("Allow", "codebuild:RetryBuild", SHOP)], [SHOP], False),
        ([rule("Allow", "*", "*"), rule("Deny", "codebuild:StartBuild", SHOP)], [SHOP], False),
        ([], [SHOP], False),
    ],
)
def test_policies_decide(statements: list[Json], resources: list[str], allowed: bool) -> None:
    access = Access(Functions(), Iam(statements))
    if allowed:
        access.authorize(caller(access), "codebuild:StartBuild", {name: {} for name in resources}, {})
    else:
        with pytest.raises(ServiceError, match="is not authorized to perform: codebuild:StartBuild"):
            access.authorize(caller(access), "codebuild:StartBuild", {name: {} for name in resources}, {})


def test_a_boundary_limits_what_a_policy_allows() -> None:
    access = Access(
        Functions(), Iam([rule("Allow", "*", "*")], boundary=[rule("Allow", "codebuild:List*", "*")])
    )
    access.authorize(caller(access), "codebuild:ListBuilds", {SHOP: {}}, {})
    with pytest.raises(ServiceError, match="codebuild:StartBuild"):
        access.authorize(caller(access), "codebuild:StartBuild", {SHOP: {}}, {})


@pytest.mark.parametrize(
    ("tags", "allowed"),
    [
        ({"selfheal": "enabled"}, True),
        ({"selfheal": "off"}, False),
        ({"owner": "enabled"}, False),
        ({}, False),
    ],
)
def test_a_condition_on_a_tag_holds_the_resource_to_it(tags: dict[str, str], allowed: bool) -> None:
    condition = {"StringEquals": {"aws:ResourceTag/selfheal": "enabled"}}
    access = Access(Functions(), Iam([rule("Allow", "codebuild:StartBuild", "*", **condition)]))
    # Untagged ones are refused even when they come with one that is tagged.
    resources = {SHOP: {"selfheal": "enabled"}, BANK: tags}
    if allowed:
        access.authorize(caller(access), "codebuild:StartBuild", resources, {})
    else:
        with pytest.raises(ServiceError, match="project/bank"):
            access.authorize(caller(access), "codebuild:StartBuild", resources, {})


OVERRIDES: list[tuple[str, Any, str]] = [
    ("buildspecOverride", "version: 0.2", "codebuild:source.buildspec"),
    ("sourceLocationOverride", "/elsewhere", "codebuild:source"),
    ("imageOverride", "evil", "codebuild:environment.image"),
    ("privilegedModeOverride", True, "codebuild:environment.privilegedMode"),
    ("serviceRoleOverride", ROLE, "codebuild:serviceRole"),
    (
        "environmentVariablesOverride",
        [{"name": "A", "value": "b"}],
        "codebuild:environment.environmentVariables",
    ),
    (
        "environmentVariablesOverride",
        [{"name": "A", "value": "b"}],
        "codebuild:environment.environmentVariables.name",
    ),
    (
        "environmentVariablesOverride",
        [{"name": "A", "value": "b"}],
        "codebuild:environment.environmentVariables/A.value",
    ),
]


@pytest.mark.parametrize(("member", "value", "key"), OVERRIDES)
def test_a_forbidden_override_is_refused_and_its_absence_is_not(member: str, value: Any, key: str) -> None:
    deny = rule("Deny", "codebuild:StartBuild", "*", Null={key: "false"})
    access = Access(Functions(), Iam([rule("Allow", "codebuild:StartBuild", SHOP), deny]))
    plain = {"projectName": "shop", "cacheOverride": {"type": "NO_CACHE"}, "timeoutInMinutesOverride": 9}
    access.authorize(caller(access), "codebuild:StartBuild", {SHOP: {}}, start_build_conditions(plain))
    with pytest.raises(ServiceError, match="explicit deny"):
        access.authorize(
            caller(access),
            "codebuild:StartBuild",
            {SHOP: {}},
            start_build_conditions(plain | {member: value}),
        )


def test_a_changed_policy_is_noticed_within_seconds() -> None:
    clock, iam = Clock(), Iam([rule("Allow", "codebuild:StartBuild", SHOP)])
    access = Access(Functions(), iam, clock)
    access.authorize(caller(access), "codebuild:StartBuild", {SHOP: {}}, {})
    iam.statements = []
    access.authorize(caller(access), "codebuild:StartBuild", {SHOP: {}}, {})
    clock.now = 3.0
    with pytest.raises(ServiceError):
        access.authorize(caller(access), "codebuild:StartBuild", {SHOP: {}}, {})
