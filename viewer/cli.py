"""The command `theatrum`: answers on standard output, progress and refusals on standard error."""

import argparse
import logging
import sys
from collections.abc import Sequence

from anatomy.errors import TwinError

REFUSED = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; 0 when done, 2 with one sentence when refused, 130 when interrupted."""
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


if __name__ == "__main__":
    sys.exit(main())
