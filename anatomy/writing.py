"""Files written whole or not at all: a full disk leaves nothing half-written behind."""

import os
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from anatomy.errors import WriteError


def write_whole(parts: Mapping[Path, Callable[[], bytes]]) -> None:
    """Write every part or none: to temporary files beside it first, then by rename."""
    ready: dict[Path, Path] = {}
    try:
        for target, make in parts.items():
            number, partial = tempfile.mkstemp(prefix=".theatrum-", dir=target.parent)
            ready[target] = Path(partial)
            with os.fdopen(number, "wb") as file:
                file.write(make())
                file.flush()
                os.fsync(file.fileno())
            os.chmod(partial, 0o644)
        for target, partial_path in ready.items():
            partial_path.replace(target)
    except OSError as error:
        first = next(iter(parts)).absolute()
        why = error.strerror if first.parent.is_dir() else "there is no such folder"
        raise WriteError(
            f"{first.name} could not be written in {first.parent}: {why}.", folder=str(first.parent)
        ) from None
    finally:
        for left in ready.values():
            left.unlink(missing_ok=True)
