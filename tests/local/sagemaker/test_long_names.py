"""Stacks with long names: what SageMaker's 63 characters leave of a version, by the simulated service."""

from collections.abc import Iterator

import pytest

from local.sagemaker.proof import ROLE, Proof, proof
from selfheal.adapters.sagemaker_hosting import Hosting, SageMakerEndpoint
from selfheal.domain.hosting import EndpointState, EndpointStatus
from tests.contract.transformed import of_type

VERSIONS = ("20260115T120000Z-0a1b2c3d", "20260115T120000Z-0a1b2c3e")
PACKAGE = "arn:aws:sagemaker:us-east-1:000000000000:model-package/x/1"
LONGEST_FUNCTION_NAME = 64


@pytest.fixture(scope="module")
def world() -> Iterator[Proof]:
    with proof() as services:
        yield services


def room() -> int:
    """The characters that Lambda leaves for the stack's name in those of its functions."""
    names = [function["FunctionName"] for function in of_type("AWS::Lambda::Function").values()]
    suffixes = [name["Fn::Sub"].removeprefix("${AWS::StackName}") for name in names]
    return LONGEST_FUNCTION_NAME - max(map(len, suffixes))


# CloudFormation allows 128, of which no stack of ours can be deployed: what counts is the longest that can.
@pytest.mark.parametrize("length", [8, 30, 31, room()])
def test_two_versions_have_names_of_their_own_and_are_told_apart(world: Proof, length: int) -> None:
    name = "s" * length + "-forest"
    endpoint = SageMakerEndpoint(world.sagemaker, world.scaling, Hosting(name, ROLE, "ml.c5.large", ["slow"]))
    for version in VERSIONS:
        endpoint.go_to(version, PACKAGE)
        assert endpoint.state() == EndpointState(EndpointStatus.MOVING, version)
        world.hosting.arrive(name)
        assert endpoint.state() == EndpointState(EndpointStatus.SERVES, version)
    endpoint.scale()
    ours = [config for config in world.hosting.configs if config.startswith(f"{name}-")]
    assert len(ours) == len(VERSIONS)
    assert set(ours) <= set(world.hosting.models)
    assert (ours[0] == f"{name}-{VERSIONS[0]}") == (length <= 30)


def test_the_longest_stack_name_is_the_documented_one() -> None:
    assert room() == 47
