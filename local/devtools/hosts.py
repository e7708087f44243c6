"""The host that a deployment group deploys to: a directory that keeps what was installed, and what runs there."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

import psutil

from local.devtools.appspec import Appspec, AppspecError, parse_appspec
from local.processes import MARKER as CLOUD_MARKER

MARKER = "DEVTOOLS_HOST"


@dataclass(frozen=True)
class Host:
    """A host is a directory, which its scripts know as HOME; absolute destinations are meant below it."""

    root: Path

    @property
    def archive(self) -> Path:
        """The bundle that was deployed here last with success; the next deployment stops the application by it."""
        return self.root / ".archive"

    def prepare(self) -> None:
        self.root.mkdir(parents=True, exist_ok=True)

    def variables(self) -> dict[str, str]:
        """What a script finds of its host in its environment; what it leaves running is known by it."""
        cloud = {CLOUD_MARKER: os.environ[CLOUD_MARKER]} if CLOUD_MARKER in os.environ else {}
        return {"HOME": str(self.root), MARKER: str(self.root), **cloud}

    def stopping(self) -> Appspec:
        """The specification of the archived bundle; one without hooks when there is none."""
        file = self.archive / "appspec.yml"
        return parse_appspec(file.read_text()) if file.is_file() else Appspec()

    def install(self, bundle: Path, files: tuple[tuple[str, str], ...]) -> None:
        """Remove what the last deployment installed, then copy ``files`` (source, destination); raises AppspecError."""
        self._clean()
        installed: list[str] = []
        for source, destination in files:
            origin, target = bundle / source.lstrip("/"), self._below(destination)
            if not origin.resolve().is_relative_to(bundle.resolve()) or not origin.exists():
                raise AppspecError(f"files: {source} is not in the revision")
            for file in [origin] if origin.is_file() else sorted(origin.rglob("*")):
                if file.is_file() and ".git" not in file.relative_to(bundle).parts:
                    copy = target / (file.name if origin.is_file() else file.relative_to(origin))
                    copy.parent.mkdir(parents=True, exist_ok=True)
                    shutil.copy(file, copy)
                    installed.append(str(copy.relative_to(self.root)))
        self._manifest.write_text(json.dumps(installed))

    def keep(self, bundle: Path) -> None:
        """Archive a bundle that was deployed with success."""
        shutil.rmtree(self.archive, ignore_errors=True)
        shutil.move(bundle, self.archive)

    def end(self) -> None:
        """Kill what the deployed scripts left running here."""
        for process in psutil.process_iter(["environ"]):
            if (process.info["environ"] or {}).get(MARKER) == str(self.root):
                with contextlib.suppress(psutil.NoSuchProcess):
                    process.kill()

    @property
    def _manifest(self) -> Path:
        return self.root / ".installed.json"

    def _clean(self) -> None:
        if self._manifest.is_file():
            for name in json.loads(self._manifest.read_text()):
                (self.root / name).unlink(missing_ok=True)

    def _below(self, destination: str) -> Path:
        target = (self.root / destination.lstrip("/")).resolve()
        if not destination.startswith("/") or not target.is_relative_to(self.root.resolve()):
            raise AppspecError(f"files: the destination {destination!r} must be an absolute path")
        return target
