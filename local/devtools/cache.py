"""A project's build cache: the files named by ``cache.paths``, kept between builds."""

from __future__ import annotations

import tarfile
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path


class BuildCache:
    """One archive per project under ``directory``; paths are kept relative to a build's source directory."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._lock = threading.Lock()

    def restore(self, project: str, target: Path) -> bool:
        """Unpack the project's cache into ``target``; False when there is none."""
        with self._lock:
            archive = self._archive(project)
            if not archive.exists():
                return False
            with tarfile.open(archive) as tar:
                # Python before 3.11.4 has no filters; what is unpacked here was packed by save() below.
                tar.extraction_filter = getattr(tarfile, "tar_filter", None)
                tar.extractall(target)  # noqa: S202
            return True

    def save(self, project: str, root: Path, patterns: Iterable[str]) -> int:
        """Replace the project's cache by the files below ``root`` that match; returns their number."""
        files = sorted(set(cached_files(root, patterns)))
        with self._lock:
            self._directory.mkdir(parents=True, exist_ok=True)
            fresh = self._archive(project).with_suffix(".new")
            with tarfile.open(fresh, "w") as tar:
                for file in files:
                    tar.add(file, arcname=str(file.relative_to(root)), recursive=False)
            fresh.replace(self._archive(project))
        return len(files)

    def drop(self, project: str) -> None:
        with self._lock:
            self._archive(project).unlink(missing_ok=True)

    def _archive(self, project: str) -> Path:
        return self._directory / f"{project}.tar"


def cached_files(root: Path, patterns: Iterable[str]) -> Iterator[Path]:
    """The files and links below ``root`` that the patterns name; a directory stands for all it holds.

    A pattern is a glob relative to ``root`` or absolute below it; what lies outside is not cached.
    """
    for pattern in patterns:
        path = Path(pattern)
        if path.is_absolute():
            if not path.is_relative_to(root):
                continue
            path = path.relative_to(root)
        if ".." in path.parts or not path.parts:
            continue
        for match in root.glob(str(path)):
            yield from _files_of(match)


def _files_of(match: Path) -> Iterator[Path]:
    if match.is_symlink() or match.is_file():
        yield match
    elif match.is_dir():
        yield from (item for item in match.rglob("*") if item.is_symlink() or item.is_file())
