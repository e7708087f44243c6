"""Sizes, names and boundaries that linters do not check, and commands that the documents promise."""

import ast
import re
import sys
from pathlib import Path

import pytest

from tests.contract.transformed import ROOT

CODE = sorted(
    path
    for folder in ("layers/core/selfheal", "functions", "cli", "local", "training", "tests", ".ci")
    for path in (ROOT / folder).rglob("*.py")
    if "scenarios" not in path.parts
)
LONGEST_FILE = 300
LONGEST_FUNCTION = 45
LONGEST_HANDLER = 30
SAYS_NOTHING = {"utils", "util", "helpers", "helper", "common", "misc", "tools"}
MAKEFILE = (ROOT / "Makefile").read_text()
DOCUMENTS = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])


def shown(path: Path) -> str:
    return str(path.relative_to(ROOT))


def functions(path: Path) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    nodes = ast.walk(ast.parse(path.read_text()))
    return [node for node in nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]


def length(node: ast.stmt) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1


def imported(path: Path) -> set[str]:
    """The full names of all modules that a file imports."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add(node.module or "")
    return names


@pytest.mark.parametrize("path", CODE, ids=shown)
def test_files_and_functions_are_short(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= LONGEST_FILE
    assert [node.name for node in functions(path) if length(node) > LONGEST_FUNCTION] == []


def test_nine_functions_of_ten_are_shorter_than_25_lines() -> None:
    lengths = sorted(length(node) for path in CODE for node in functions(path))
    assert lengths[int(0.9 * len(lengths))] <= 25


@pytest.mark.parametrize("path", sorted((ROOT / "functions").glob("*/app.py")), ids=shown)
def test_a_handler_decodes_calls_one_step_and_encodes(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= LONGEST_HANDLER


def test_a_name_says_what_is_inside() -> None:
    assert [shown(path) for path in CODE if SAYS_NOTHING & {path.stem, *path.parent.parts[-1:]}] == []


@pytest.mark.parametrize(
    "path", sorted((ROOT / "layers/core/selfheal/domain").glob("*.py")), ids=lambda path: path.stem
)
def test_the_domain_knows_the_standard_library_and_itself(path: Path) -> None:
    for name in imported(path):
        assert name.split(".")[0] in sys.stdlib_module_names or name.startswith("selfheal.domain")


def test_what_runs_in_lambda_imports_only_what_the_layer_carries() -> None:
    carried = {"selfheal", "aws_lambda_powertools", "cattrs", "krcf", "re2", "boto3", "botocore"}
    deployed = [*(ROOT / "layers/core/selfheal").rglob("*.py"), *(ROOT / "functions").rglob("*.py")]
    outside = {
        f"{shown(path)}: {name}"
        for path in deployed
        if "testing" not in path.parts
        for name in imported(path)
        if name.split(".")[0] not in sys.stdlib_module_names and name.split(".")[0] not in carried
    }
    assert {line for line in outside if ": mypy_boto3_" not in line} == set()


def test_tests_need_no_mocks() -> None:
    mocking = [shown(path) for path in CODE if {"unittest.mock", "mock", "pytest_mock"} & imported(path)]
    assert mocking == []


@pytest.mark.parametrize("path", DOCUMENTS, ids=shown)
def test_every_make_target_a_document_names_exists(path: Path) -> None:
    named = set(re.findall(r"\bmake (?:-s )?([a-z]+(?:-[a-z]+)*)\b", "\n".join(code_in(path.read_text()))))
    targets = set(re.findall(r"^([a-z-]+):", MAKEFILE, re.MULTILINE))
    assert named <= targets


def code_in(markdown: str) -> list[str]:
    """Code blocks and inline code."""
    return re.findall(r"```.*?```|`[^`\n]+`", markdown, re.DOTALL)


def test_make_help_lists_the_promised_targets() -> None:
    listed = set(re.findall(r"^([a-z-]+):.*## ", MAKEFILE, re.MULTILINE))
    promised = {"setup", "demo", "test", "check", "fmt", "bench", "build", "deploy", "invoke"}
    assert promised | {"local-up", "local-down"} <= listed
