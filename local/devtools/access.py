"""Who calls, and whether the deployed IAM policies let them."""

from __future__ import annotations

import hashlib
import logging
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

# The engine by which MiniStack enforces the policies of all its own services. Its SimulatePrincipalPolicy API
# cannot serve here: in 1.5.33 it passes over condition context and all resources but the first.
from ministack.core.iam_evaluator import (
    EvalContext,
    evaluate,
    parse_policy_document,
)

from local.devtools.builds import ACCOUNT, REGION
from local.devtools.cloud import ROOT_ACCESS_KEY
from local.devtools.errors import ServiceError
from local.devtools.operations import Caller, Conditions

POLICY_LIFE_SECONDS = 3.0
logger = logging.getLogger(__name__)
CREDENTIAL = re.compile(r"Credential=([A-Za-z0-9]+)/")
ROOT = Caller(arn=f"arn:aws:iam::{ACCOUNT}:root", initiator="root")


class Access:
    """Knows callers by their signature's access key and asks the policies that MiniStack has of their role.

    The signature itself is not checked.
    """

    def __init__(self, functions: Any, iam: Any, clock: Callable[[], float] = time.monotonic) -> None:
        self._functions, self._iam, self._clock = functions, iam, clock
        self._lock = threading.Lock()
        self._callers: dict[str, Caller] = {}
        self._policies: dict[str, tuple[float, list[Any], list[Any]]] = {}

    def caller(self, authorization: str | None) -> Caller:
        """The caller that a SigV4 Authorization header names."""
        found = CREDENTIAL.search(authorization or "")
        if not found:
            raise ServiceError(
                "MissingAuthenticationTokenException", "Missing Authentication Token", status=403
            )
        key = found[1]
        if key == ROOT_ACCESS_KEY:
            return ROOT
        with self._lock:
            if key not in self._callers:
                self._callers = dict(self._session_keys())
            if key not in self._callers:
                message = "The security token included in the request is invalid."
                raise ServiceError("UnrecognizedClientException", message)
            return self._callers[key]

    def authorize(
        self,
        caller: Caller,
        action: str,
        resources: Mapping[str, Mapping[str, str]],
        conditions: Conditions,
    ) -> None:
        """Refuse an action (``codebuild:StartBuild``) unless the caller's role allows it on all resources.

        ``resources`` are ARNs with the tags of each.
        """
        if caller.is_root:
            return
        policies, boundary = self._policies_of(str(caller.role))
        for resource, tags in resources.items():
            context = EvalContext(
                principal_arn=caller.arn,
                principal_type="AssumedRole",
                principal_account=ACCOUNT,
                action=action,
                resource_arn=resource,
                region=REGION,
                service_context=conditions | _tag_conditions(tags),
            )
            decision = evaluate(context, policies, *boundary).decision
            if decision != "Allow":
                raise _refusal(caller, action, resource, decision)

    def _session_keys(self) -> Iterator[tuple[str, Caller]]:
        # MiniStack derives the session key of a function's role from the two ARNs (execution_credentials).
        for page in self._functions.get_paginator("list_functions").paginate(FunctionVersion="ALL"):
            for function in page["Functions"]:
                arns = {function["FunctionArn"], function["FunctionArn"].removesuffix(":$LATEST")}
                for function_arn in arns:
                    digest = hashlib.sha256(f"{function_arn}:{function['Role']}".encode()).hexdigest()
                    yield f"ASIA{digest[:16].upper()}", _function_caller(function)

    def _policies_of(self, role: str) -> tuple[list[Any], list[Any]]:
        with self._lock:
            known = self._policies.get(role)
            if known and self._clock() - known[0] < POLICY_LIFE_SECONDS:
                return known[1], known[2]
            policies = [parse_policy_document(document) for document in self._documents(role)]
            boundary = [[parse_policy_document(document)] for document in self._boundary(role)]
            self._policies[role] = (self._clock(), policies, boundary)
            return policies, boundary

    def _documents(self, role: str) -> Iterator[Any]:
        for name in self._iam.list_role_policies(RoleName=role)["PolicyNames"]:
            yield self._iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
        for attached in self._iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]:
            try:
                yield self._managed(attached["PolicyArn"])
            except self._iam.exceptions.NoSuchEntityException:
                # MiniStack knows few of the policies that AWS manages. One that is unknown grants nothing here,
                # which is stricter than AWS and never laxer: policies managed by AWS only allow.
                logger.info("%s: %s is unknown here and grants nothing", role, attached["PolicyArn"])

    def _boundary(self, role: str) -> Iterator[Any]:
        boundary = self._iam.get_role(RoleName=role)["Role"].get("PermissionsBoundary")
        if boundary:
            yield self._managed(boundary["PermissionsBoundaryArn"])

    def _managed(self, policy_arn: str) -> Any:
        version = self._iam.get_policy(PolicyArn=policy_arn)["Policy"]["DefaultVersionId"]
        return self._iam.get_policy_version(PolicyArn=policy_arn, VersionId=version)["PolicyVersion"][
            "Document"
        ]


def _tag_conditions(tags: Mapping[str, str]) -> Conditions:
    # The evaluator wants names of keys in lower case.
    return {f"aws:resourcetag/{name}".lower(): value for name, value in tags.items()}


def _function_caller(function: dict[str, Any]) -> Caller:
    role, name = function["Role"].rsplit("/", 1)[-1], function["FunctionName"]
    return Caller(
        arn=f"arn:aws:sts::{ACCOUNT}:assumed-role/{role}/{name[:64]}",
        initiator=f"{role}/{name}",
        role=role,
    )


def _refusal(caller: Caller, action: str, resource: str, decision: str) -> ServiceError:
    reason = (
        "with an explicit deny in an identity-based policy"
        if decision == "Deny"
        else f"because no identity-based policy allows the {action} action"
    )
    message = f"User: {caller.arn} is not authorized to perform: {action} on resource: {resource} {reason}"
    return ServiceError("AccessDeniedException", message)
