"""Settings: a function is given what it reads and nothing else, and environments set what exists."""

import ast
import json
import re
import tomllib
from typing import Any

import pytest

from tests.contract.machine import pascal, snake
from tests.contract.transformed import ROOT, of_type, source

FUNCTIONS = sorted(of_type("AWS::Lambda::Function"))
SAMCONFIG = tomllib.loads((ROOT / "samconfig.toml").read_text())


def runtime_reads() -> dict[str, set[str]]:
    """What each part of the runtime reads from the environment, itself and through other parts."""
    path = ROOT / "layers" / "core" / "selfheal"
    parts = [
        class_body(path / f"{name.lower()}.py", name) for name in ("Stores", "Services", "Hosting", "Runtime")
    ]
    runtime = {name: node for part in parts for name, node in part.items()}
    settings = class_body(path / "settings.py", "Settings")
    own = {name: variables(node) for name, node in settings.items()}
    reads = {f"settings.{name}": found for name, found in direct_and_indirect(own, settings).items()}
    direct = {name: variables(node) | uses(node, "settings", reads) for name, node in runtime.items()}
    return direct_and_indirect(direct, runtime) | reads


def class_body(path: Any, name: str) -> dict[str, ast.FunctionDef]:
    module = ast.parse(path.read_text())
    (found,) = (node for node in module.body if isinstance(node, ast.ClassDef) and node.name == name)
    return {node.name: node for node in found.body if isinstance(node, ast.FunctionDef)}


def variables(node: ast.AST) -> set[str]:
    strings = {n.value for n in ast.walk(node) if isinstance(n, ast.Constant) and isinstance(n.value, str)}
    return {value for value in strings if re.fullmatch(r"SELFHEAL_[A-Z_]+", value)}


def uses(node: ast.AST, owner: str, reads: dict[str, set[str]]) -> set[str]:
    used = {n.attr for n in ast.walk(node) if isinstance(n, ast.Attribute)}
    return {variable for name in used for variable in reads.get(f"{owner}.{name}", set())}


def direct_and_indirect(
    direct: dict[str, set[str]], runtime: dict[str, ast.FunctionDef]
) -> dict[str, set[str]]:
    parts = {
        name: {n.attr for n in ast.walk(node) if isinstance(n, ast.Attribute)}
        for name, node in runtime.items()
    }
    while True:
        reached = {
            name: direct[name].union(*(direct[part] for part in parts[name] if part in direct))
            for name in direct
        }
        if reached == direct:
            return reached
        direct = reached


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_is_given_the_settings_it_reads_and_no_others(name: str) -> None:
    handler = (ROOT / "functions" / snake(name.removesuffix("Function")) / "app.py").read_text()
    reads = runtime_reads()
    used = re.findall(r"runtime\.((?:settings\.)?\w+)", handler)
    needed = {variable for attribute in used for variable in reads.get(attribute, set())}
    given = of_type("AWS::Lambda::Function")[name]["Environment"]["Variables"]
    assert {variable for variable in given if variable.startswith("SELFHEAL_")} == needed


def test_selfheal_recognises_its_own_runs_by_the_name_of_the_function_that_starts_them() -> None:
    functions = of_type("AWS::Lambda::Function")
    name = functions["ExecuteActionFunction"]["FunctionName"]
    given = [f["Environment"]["Variables"].get("SELFHEAL_ACTOR") for f in functions.values()]
    assert {json.dumps(value) for value in given if value} == {json.dumps(name)}


@pytest.mark.parametrize("environment", ["default", "prod", "local"])
def test_an_environment_sets_parameters_that_exist_to_values_that_are_allowed(environment: str) -> None:
    overrides = SAMCONFIG[environment]["deploy"]["parameters"]["parameter_overrides"]
    for name, value in (override.split("=", 1) for override in overrides):
        parameter = source()["Parameters"][name]
        assert value in map(str, parameter.get("AllowedValues", [value]))
        assert re.fullmatch(parameter.get("AllowedPattern", ".*"), value.strip('"'))


def test_nothing_acts_in_a_real_account_unless_asked_to() -> None:
    assert source()["Parameters"]["Mode"]["Default"] == "observe"
    for environment in ("default", "prod"):
        assert "Mode=act" not in SAMCONFIG[environment]["deploy"]["parameters"]["parameter_overrides"]


def test_every_parameter_is_used_and_labelled() -> None:
    interface = source()["Metadata"]["AWS::CloudFormation::Interface"]
    grouped = [name for group in interface["ParameterGroups"] for name in group["Parameters"]]
    assert sorted(grouped) == sorted(source()["Parameters"]) == sorted(interface["ParameterLabels"])
    text = json.dumps({key: source()[key] for key in ("Conditions", "Globals", "Resources")})
    for name in source()["Parameters"]:
        assert f'"Ref": "{name}"' in text or f"${{{name}}}" in text


def test_every_policy_name_of_an_environment_is_a_file() -> None:
    names = {source()["Parameters"]["PolicyName"]["Default"]}
    for environment in ("default", "prod", "local"):
        overrides = SAMCONFIG[environment]["deploy"]["parameters"]["parameter_overrides"]
        names |= {value for key, value in (o.split("=", 1) for o in overrides) if key == "PolicyName"}
    assert all((ROOT / "policy" / f"{name}.toml").exists() for name in names)


def test_pascal_and_snake_agree() -> None:
    assert all(pascal(snake(name)) == name for name in FUNCTIONS)
