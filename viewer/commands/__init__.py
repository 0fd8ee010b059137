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
        resect,
        risk,
        run,
        serve,
    )

    return [demo, reconstruct, model, add, library, plan, risk, run, resect, export, serve, check]
