"""Every benchmark in turn: `python -m benchmarks [NAME]...`; 1 if one misses a target."""

import subprocess
import sys

NAMES = (
    "accuracy", "wall", "surfaces", "page", "fields", "planning", "seeg", "resection",
    "planning_page",
)  # fmt: skip


def main() -> int:
    """Each benchmark in a process of its own, so that none inherits another's memory."""
    chosen = sys.argv[1:] or NAMES
    if strangers := sorted(set(chosen) - set(NAMES)):
        print(f"No benchmark is called {', '.join(strangers)}: there are {', '.join(NAMES)}.")
        return 2
    missed = []
    for name in chosen:
        print(f"\n== {name}", flush=True)
        if subprocess.run([sys.executable, "-m", f"benchmarks.{name}"], check=False).returncode:
            missed.append(name)
    print(f"\nTargets missed in: {', '.join(missed)}" if missed else "\nEvery target is met.")
    return int(bool(missed))


if __name__ == "__main__":
    sys.exit(main())
