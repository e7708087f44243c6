#!/usr/bin/env python3
"""Stop the service that was started last, and wait until it is gone."""

import os
import signal
import time
from pathlib import Path

pid = int((Path(os.environ["HOME"]) / "web.pid").read_text())
try:
    os.kill(pid, signal.SIGTERM)
    for _ in range(100):
        os.kill(pid, 0)
        time.sleep(0.1)
except ProcessLookupError:
    print("stopped")
