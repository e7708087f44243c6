"""Installs this project's one dependency: out of the cache where it is there, else from the mirror."""

import io
import os
import shutil
import sys
import zipfile
from pathlib import Path
from urllib.request import urlopen

NAME = "shop_money-1.0-py3-none-any.whl"
CACHED = Path(".cache/wheels") / NAME
TARGET = Path("vendor")


def install() -> None:
    """Unpack the dependency into the vendor folder."""
    if CACHED.exists():
        print(f"Using cached wheel {CACHED} ({CACHED.stat().st_size} bytes)")
        archive = io.BytesIO(CACHED.read_bytes())
    else:
        print(f"No cached wheel, downloading {NAME} from the mirror")
        archive = io.BytesIO(urlopen(f"{os.environ['MIRROR_URL']}/{NAME}", timeout=5).read())
    try:
        zipfile.ZipFile(archive).extractall(TARGET)
    except zipfile.BadZipFile as error:
        raise zipfile.BadZipFile(f"{error}: {CACHED if CACHED.exists() else NAME}") from error


def cache() -> None:
    """Keep the dependency for the next build. It trusts the mirror to send the whole file."""
    CACHED.parent.mkdir(parents=True, exist_ok=True)
    if not CACHED.exists():
        with urlopen(f"{os.environ['MIRROR_URL']}/{NAME}", timeout=5) as reply, CACHED.open("wb") as file:
            shutil.copyfileobj(reply, file)


if __name__ == "__main__":
    {"install": install, "cache": cache}[sys.argv[1]]()
