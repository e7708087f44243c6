"""What a command of ours takes on a large stream: speed and memory."""

import resource
import subprocess
import sys
from typing import BinaryIO

MEGABYTE = 1_000_000


def report_command(stream: BinaryIO, *arguments: str) -> None:
    """Run `selfheal` on all of ``stream``; the first child of its process, for peak memory is that of all children."""
    size = stream.seek(0, 2) / MEGABYTE
    stream.seek(0)
    command = [sys.executable, "-c", "from cli.main import app; app()", *arguments]
    subprocess.run(command, stdin=stream, stdout=subprocess.DEVNULL, check=True)
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    took, peak = used.ru_utime + used.ru_stime, used.ru_maxrss / 1000
    print(
        f"selfheal {arguments[0]}: {size:.0f} MB in {took:.1f} s, {size / took:.1f} MB/s, peak {peak:.0f} MB"
    )
