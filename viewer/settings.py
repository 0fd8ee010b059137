"""Everything that can be set from outside, read once: THEATRUM_* variables and options."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from anatomy.errors import TwinError
from twin.engine import MEMORY_BYTES

WILDCARDS = frozenset({"0.0.0.0", "::"})
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
LEAST_PLANNING = 1 << 30
"""House value [bytes]: the libraries alone take half of it."""


class SettingsError(TwinError, ValueError):
    """A setting that cannot be used."""

    code = "viewer.settings"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How one server runs. Sizes in bytes."""

    library: Path
    host: str = "127.0.0.1"
    port: int = 5106
    upload_bytes: int = 1 << 30
    planning_bytes: int = MEMORY_BYTES
    """Address space of the process that plans."""
    allowed_hosts: tuple[str, ...] = ()
    secret: str = field(default_factory=lambda: secrets.token_hex(32), repr=False)
    """Signs Bokeh's sessions; a new one for every start."""

    def __post_init__(self) -> None:
        if not 0 < self.port < 65536:
            raise SettingsError(f"Port {self.port} is not between 1 and 65535.")
        if self.host in WILDCARDS and not self.allowed_hosts:
            raise SettingsError(
                f"{self.host} listens on every address: name the host that browsers will ask "
                "for in THEATRUM_ALLOWED_HOSTS, so that foreign pages cannot reach the server."
            )
        if self.upload_bytes < 1:
            raise SettingsError("The largest upload must be at least one byte.")
        if self.planning_bytes < LEAST_PLANNING:
            raise SettingsError(
                f"Planning needs at least {LEAST_PLANNING >> 20} MB of memory: "
                "THEATRUM_PLANNING_MB."
            )

    @property
    def local(self) -> bool:
        """True where only people on this machine can reach the server."""
        return self.host in LOOPBACK

    @property
    def hosts(self) -> frozenset[str]:
        """Host names, without port, that a request may carry."""
        return frozenset({*self.allowed_hosts, self.host, *(LOOPBACK if self.local else ())})

    @property
    def origins(self) -> list[str]:
        """Hosts with port that a websocket's Origin may name."""
        return sorted({f"{_bracketed(host)}:{self.port}" for host in self.hosts} | self.hosts)

    @property
    def address(self) -> str:
        """Where a browser on this machine finds the page."""
        return f"http://{_bracketed(self.host)}:{self.port}/"

    @classmethod
    def read(cls, environment: Mapping[str, str], **given: object) -> "Settings":
        """Settings of THEATRUM_LIBRARY, _HOST, _PORT, _UPLOAD_MB, _PLANNING_MB, _ALLOWED_HOSTS.

        A value in `given` that is not None wins.
        """
        home = Path(environment.get("XDG_DATA_HOME") or "~/.local/share").expanduser()
        values: dict[str, object] = {
            "library": Path(environment.get("THEATRUM_LIBRARY") or home / "theatrum")
        }
        if host := environment.get("THEATRUM_HOST"):
            values["host"] = host
        if hosts := environment.get("THEATRUM_ALLOWED_HOSTS"):
            values["allowed_hosts"] = tuple(h.strip() for h in hosts.split(",") if h.strip())
        for name, key, unit in (
            ("PORT", "port", 1),
            ("UPLOAD_MB", "upload_bytes", 1 << 20),
            ("PLANNING_MB", "planning_bytes", 1 << 20),
        ):
            if text := environment.get(f"THEATRUM_{name}"):
                if not text.isdigit():
                    raise SettingsError(f"THEATRUM_{name} must be a whole number, not '{text}'.")
                values[key] = int(text) * unit
        values.update({name: value for name, value in given.items() if value is not None})
        return cls(**values)  # type: ignore[arg-type]


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
