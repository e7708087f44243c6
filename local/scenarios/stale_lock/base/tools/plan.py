"""Plans the infrastructure: one plan at a time, held by a lock in the state's directory."""

import os
import sys
from pathlib import Path

STATE = Path(os.environ["STATE_DIR"])
LOCK = STATE / "plan.lock"


def plan() -> list[str]:
    """What would have to be made."""
    return ["queue orders", "table stock"]


def main() -> int:
    try:
        with LOCK.open("x") as lock:
            lock.write(f"held by process {os.getpid()}\n")
    except FileExistsError:
        print(f"Error: Error acquiring the state lock: {LOCK.read_text().strip()}", file=sys.stderr)
        return 1
    try:
        (STATE / "plan").write_text("\n".join(plan()))
    finally:
        LOCK.unlink()
    return 0


if __name__ == "__main__":
    sys.exit(main())
