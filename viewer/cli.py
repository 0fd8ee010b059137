"""The command `theatrum`: answers on standard output, progress and refusals on standard error."""

import argparse
import logging
import os
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path

from anatomy.errors import TwinError

FAULTY, REFUSED = 1, 2
PACKAGES = ("anatomy", "surgery", "twin", "viewer", "assets")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; 0 when done, else one sentence: 2 refused, 1 our own fault, 130 stopped."""
    from viewer import commands

    parser = argparse.ArgumentParser(
        prog="theatrum", description="An anatomical theatre in the browser, from one MRI."
    )
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="COMMAND")
    for command in commands.all():
        command.add(verbs)
    given = parser.parse_args(arguments)
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    try:
        return int(given.run(given) or 0)
    except TwinError as refusal:
        print(f"theatrum: {refusal.message}", file=sys.stderr)
        return REFUSED
    except KeyboardInterrupt:
        print("theatrum: stopped; nothing half-written was left.", file=sys.stderr)
        return 130
    except BrokenPipeError:
        sys.stderr.close()
        return 0
    except Exception as fault:  # noqa: BLE001 - said in one sentence, traced where asked
        if os.environ.get("THEATRUM_DEBUG"):
            traceback.print_exc()
        print(f"theatrum: {said(fault, given)}", file=sys.stderr)
        return FAULTY


def said(fault: Exception, given: argparse.Namespace) -> str:
    """One sentence about a fault of Theatrum itself: what it worked on, its kind, its place."""
    subject = getattr(given, "scan", None) or getattr(given, "case", None)
    about = f"{Path(subject).name}: " if subject else ""
    steps = traceback.extract_tb(fault.__traceback__)
    place = f" at {Path(steps[-1].filename).name}:{steps[-1].lineno}" if steps else ""
    ours = next((step for step in reversed(steps) if _ours(step.filename)), None)
    if ours is not None and steps[-1] is not ours:
        place += f", called from {Path(ours.filename).name}:{ours.lineno}"
    words = " ".join(str(fault).split())[:200]
    return (
        f"{about}Theatrum failed with {type(fault).__name__}{place}"
        f"{f' ({words})' if words else ''}; this is a fault in Theatrum, please report it "
        "(THEATRUM_DEBUG=1 prints the whole trace)."
    )


def _ours(file: str) -> bool:
    home = Path(__file__).parent.parent
    return any(home / name in Path(file).parents for name in PACKAGES)


if __name__ == "__main__":
    sys.exit(main())
