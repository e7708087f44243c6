#!/usr/bin/env python3
"""Start the service in the background."""

import os
import subprocess
import sys
from pathlib import Path

home = Path(os.environ["HOME"])
with (home / "web.log").open("a") as log:
    service = subprocess.Popen(
        [sys.executable, str(home / "srv/web/server.py"), str(home / "address")],
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        start_new_session=True,
    )
(home / "web.pid").write_text(str(service.pid))
