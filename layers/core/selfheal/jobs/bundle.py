"""Bundle: the code of the jobs as one file that Python can run, with everything it imports.

The containers are isolated from the network, so nothing can be installed there. The forest's library is a shared
object, which no archive can be imported from: the bundle unpacks itself before it runs.
"""

import importlib.util
import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

NAME = "training.pyz"
PACKAGES = ("selfheal", "cattrs", "cattr", "attr", "attrs", "typing_extensions")
FOREST = "krcf"
# Where the layer keeps the forest's library as the containers need it; their processor is not the functions'.
FOR_CONTAINERS = Path("/opt/containers")
LEFT_OUT = {"__pycache__", "testing", "adapters", "suggest", "diagnose", "remedies", "steps"}
_LONG_AGO = (1980, 1, 1, 0, 0, 0)
_MAIN = """\
import runpy, sys, tempfile, zipfile
place = tempfile.mkdtemp()
zipfile.ZipFile(sys.argv[0]).extractall(place)
sys.path.insert(0, place)
runpy.run_module("selfheal.jobs", run_name="__main__", alter_sys=True)
"""


def bundle(for_containers: Path = FOR_CONTAINERS) -> bytes:
    """The bundle. The same code always gives the same bytes. Without ``for_containers`` the forest's library at hand
    is taken, which fits this machine."""
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w", zipfile.ZIP_DEFLATED) as archive:
        _add(archive, "__main__.py", _MAIN.encode())
        for name, path in sorted(_files(for_containers)):
            _add(archive, name, path.read_bytes())
    return body.getvalue()


def _add(archive: zipfile.ZipFile, name: str, body: bytes) -> None:
    archive.writestr(zipfile.ZipInfo(name, _LONG_AGO), body, zipfile.ZIP_DEFLATED)


def _files(for_containers: Path) -> Iterator[tuple[str, Path]]:
    for package in PACKAGES:
        yield from _package(package, _place_of(package))
    given = for_containers / FOREST
    forest = given if given.exists() else _place_of(FOREST)
    yield from _package(FOREST, forest)
    # The version that a forest is checked by is read from here.
    yield from (
        (f"{path.parent.name}/METADATA", path) for path in forest.parent.glob("krcf-*.dist-info/METADATA")
    )


def _package(name: str, place: Path) -> Iterator[tuple[str, Path]]:
    if place.is_file():
        yield place.name, place
        return
    for path in place.rglob("*"):
        inside = path.relative_to(place)
        if path.is_file() and not LEFT_OUT & set(inside.parts):
            yield f"{name}/{inside.as_posix()}", path


def _place_of(package: str) -> Path:
    """The folder of a package, or the file of a module."""
    found = importlib.util.find_spec(package)
    if found is None or found.origin is None:
        raise ImportError(f"{package} is not installed beside the jobs; the layer carries it")
    origin = Path(found.origin)
    return origin.parent if found.submodule_search_locations else origin
