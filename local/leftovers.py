"""What a stopped local cloud leaves on the disk.

Every worker of a function has a copy of the layer of its own, tens of thousands of files in all. To delete them takes
far longer than to stop the cloud, so they are moved aside, which takes no time, and deleted while nobody waits.
"""

import shutil
import subprocess
import tempfile
from pathlib import Path

SET_ASIDE = "deleted-"
# The shell ends at once and leaves the deletion to the system: there is no child of ours to wait for.
_DELETE = 'rm -rf -- "$@" >/dev/null 2>&1 &'


def set_aside(directory: Path) -> bool:
    """Move a directory out of the way, if it is there; what still works in it finds it gone.

    False where that cannot be, as on a disk that has no room for one directory more.
    """
    if directory.exists():
        try:
            directory.rename(Path(tempfile.mkdtemp(prefix=SET_ASIDE, dir=directory.parent)) / directory.name)
        except OSError:
            return False
    return True


def put_away(directory: Path) -> None:
    """Set a directory aside, or delete it at once: nobody works in it any more."""
    if not set_aside(directory):
        shutil.rmtree(directory, ignore_errors=True)


def delete_set_aside(home: Path) -> None:
    """Begin to delete what was set aside in ``home``, also before a crash, and do not wait for the end."""
    if found := sorted(str(path) for path in home.glob(f"{SET_ASIDE}*")):
        command = ["/bin/sh", "-c", _DELETE, "sh", *found]
        subprocess.run(command, stdin=subprocess.DEVNULL, start_new_session=True, check=True)  # noqa: S603
