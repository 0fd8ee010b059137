"""The commands, one module each: `add(verbs)` declares it, `run(given)` does it."""

from types import ModuleType


def all() -> list[ModuleType]:
    """Every command, in the order of `theatrum --help`."""
    from viewer.commands import add, check, demo, export, library, model, plan, reconstruct, serve

    return [demo, reconstruct, model, add, library, plan, export, serve, check]
