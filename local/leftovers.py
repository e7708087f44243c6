"""What a stopped local cloud leaves on the disk.

Every worker of a function has a copy of the layer of its own, tens of thousands of files in all. To delete them takes
far longer than to stop the cloud, so they are moved aside, which takes no time, and deleted while nobody waits.
"""

import subprocess
import tempfile
from pathlib import Path

SET_ASIDE = "deleted-"
# The shell ends at once and leaves the deletion to the system: there is no child of ours to wait for.
_DELETE = 'rm -rf -- "$@" >/dev/null 2>&1 &'


def set_aside(directory: Path) -> None:
    """Move a directory out of the way, if it is there; what still works in it finds it gone."""
    if directory.exists():
        directory.rename(Path(tempfile.mkdtemp(prefix=SET_ASIDE, dir=directory.parent)) / directory.name)


def delete_set_aside(home: Path) -> None:
    """Begin to delete what was set aside in ``home``, also before a crash, and do not wait for the end."""
    if found := sorted(str(path) for path in home.glob(f"{SET_ASIDE}*")):
        command = ["/bin/sh", "-c", _DELETE, "sh", *found]
        subprocess.run(command, stdin=subprocess.DEVNULL, start_new_session=True, check=True)  # noqa: S603
