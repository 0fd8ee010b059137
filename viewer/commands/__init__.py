"""The commands, one module each: `add(verbs)` declares it, `run(given)` does it."""

from types import ModuleType


def all() -> list[ModuleType]:
    """Every command, in the order of `theatrum --help`."""
    from viewer.commands import (
        add,
        check,
        demo,
        export,
        library,
        model,
        plan,
        reconstruct,
        report,
        resect,
        risk,
        run,
        serve,
    )

    making = [demo, reconstruct, model, add, library]
    planning = [plan, risk, run, resect, report]
    return [*making, *planning, export, serve, check]
