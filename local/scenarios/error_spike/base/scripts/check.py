#!/usr/bin/env python3
"""Wait until the service says that it is well."""

import os
import sys
import time
from pathlib import Path
from urllib.request import ProxyHandler, build_opener

address = Path(os.environ["HOME"]) / "address"
direct = build_opener(ProxyHandler({}))
for _ in range(100):
    try:
        with direct.open(f"http://{address.read_text()}/health", timeout=2) as reply:
            sys.exit(0 if reply.status == 200 else 1)
    except OSError as error:
        print(f"not well yet: {error}")
        time.sleep(0.1)
sys.exit(1)
