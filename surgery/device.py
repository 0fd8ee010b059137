"""What a surgeon puts into a body, as coaxial cylinders from the tip backwards [mm].

One TOML a device in assets/devices; docs/devices.md says what it holds and how to add one.
"""

import difflib
import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, get_args

import assets
from anatomy.errors import TwinError

Kind = Literal[
    "needle",
    "catheter",
    "dbs_lead",
    "seeg_electrode",
    "screw",
    "valve",
    "pacing_lead",
    "drill",
    "saw",
]


class DeviceError(TwinError, LookupError):
    """A device that the catalogue does not hold, or that cannot exist."""

    code = "surgery.device"


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """A cylinder about the device's axis; distances [mm] from the tip (0) backwards."""

    from_mm: float
    to_mm: float
    radius_mm: float

    def __post_init__(self) -> None:
        if not (0 <= self.from_mm < self.to_mm < math.inf and 0 < self.radius_mm < math.inf):
            raise DeviceError(
                f"No cylinder runs from {self.from_mm:g} to {self.to_mm:g} mm behind the tip with "
                f"a radius of {self.radius_mm:g} mm."
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """The part that does the work: an electrode's contact, a needle's window, a row of holes."""

    centre_mm: float
    """Behind the tip, along the axis."""
    length_mm: float
    radius_mm: float
    arc_deg: float = 360.0
    """Share of the circumference; a ring has 360."""
    facing_deg: float = 0.0
    """Middle of the arc, right-handed about entry to target, from the device's marker."""

    def __post_init__(self) -> None:
        if not (self.length_mm > 0 and self.radius_mm > 0 and 0 < self.arc_deg <= 360) or not all(
            map(math.isfinite, (self.centre_mm, self.length_mm, self.facing_deg))
        ):
            raise DeviceError(
                "A contact needs a length and a radius above 0 mm, and an arc up to 360 degrees.",
                centre_mm=self.centre_mm,
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """A catalogued device. Its segments join from the tip on; its contacts lie on it, in order."""

    id: str
    title: str
    kind: Kind
    segments: tuple[Segment, ...]
    contacts: tuple[Contact, ...] = ()
    source: str
    """The document that the numbers come from."""
    house: bool = False
    """Some number is not from `source` but was chosen here; `note` says which and why."""
    note: str = ""

    def __post_init__(self) -> None:
        if self.kind not in get_args(Kind):
            raise DeviceError(f"{self.title}: there is no kind of device called {self.kind!r}.")
        if not self.segments or self.segments[0].from_mm != 0:
            raise DeviceError(f"{self.title}: the first segment must begin at the tip, at 0 mm.")
        if any(a.to_mm != b.from_mm for a, b in pairwise(self.segments)):
            raise DeviceError(f"{self.title}: each segment must begin where the last one ends.")
        if list(self.contacts) != sorted(self.contacts, key=_place):
            raise DeviceError(f"{self.title}: contacts go from the tip backwards.")
        for contact in self.contacts:
            half = contact.length_mm / 2
            # A rounding error of the decimals in the file is not a contact beyond the tip.
            if contact.centre_mm - half < -1e-9 or contact.centre_mm + half > self.length_mm + 1e-9:
                raise DeviceError(
                    f"{self.title}: the contact at {contact.centre_mm:g} mm leaves the device.",
                    length_mm=self.length_mm,
                )
        if self.house and not self.note:
            raise DeviceError(f"{self.title}: a house value needs its reason.")

    @property
    def length_mm(self) -> float:
        """From the tip to the end of the last segment."""
        return self.segments[-1].to_mm

    @property
    def radius_mm(self) -> float:
        """The largest one."""
        return max(segment.radius_mm for segment in self.segments)

    @property
    def contact_centres_mm(self) -> tuple[float, ...]:
        """Behind the tip, one for each contact; sectors of one ring share theirs."""
        return tuple(contact.centre_mm for contact in self.contacts)


@cache
def devices() -> Mapping[str, Device]:
    """Every device of the catalogue by id, in alphabetical order."""
    files = sorted(assets.path("devices").glob("*.toml"))
    return MappingProxyType({file.stem: read_device(file) for file in files})


def device(id: str) -> Device:
    """The device called `id`; raises DeviceError with the nearest ids."""
    try:
        return devices()[id]
    except KeyError:
        near = difflib.get_close_matches(id, devices(), n=3)
        hint = f" Did you mean {' or '.join(near)}?" if near else ""
        raise DeviceError(
            f"The catalogue holds no device {id!r}.{hint}", id=id, near=near
        ) from None


def read_device(path: Path) -> Device:
    """The device that a TOML file describes, called like the file; DeviceError names the file."""
    try:
        return _device(path.stem, tomllib.loads(path.read_text(encoding="utf-8")))
    except (KeyError, TypeError, ValueError, DeviceError) as error:
        reason = f"{error.args[0]!r} is missing" if type(error) is KeyError else str(error)
        raise DeviceError(f"{path.name} describes no device: {reason}", file=path.name) from error


def _device(id: str, table: dict[str, Any]) -> Device:
    segments = tuple(Segment(**_numbers(row)) for row in table.pop("segment"))
    contacts = [one for row in table.pop("contact", []) for one in _contacts(row, segments)]
    ordered = tuple(sorted(contacts, key=_place))
    return Device(id=id, segments=segments, contacts=ordered, **table)


def _contacts(row: dict[str, Any], segments: tuple[Segment, ...]) -> list[Contact]:
    """One row as its contacts: `count` of them every `pitch_mm`, each facing every `facing_deg`."""
    count, pitch_mm = row.pop("count", 1), float(row.pop("pitch_mm", 0.0))
    facings = row.pop("facing_deg", [0.0])
    numbers = _numbers(row)
    first_mm = numbers.pop("centre_mm")
    found = []
    for number in range(count):
        centre_mm = first_mm + number * pitch_mm
        radius_mm = next((s.radius_mm for s in segments if s.from_mm <= centre_mm <= s.to_mm), 0.0)
        shape = {"radius_mm": radius_mm, **numbers, "centre_mm": centre_mm}
        found += [Contact(facing_deg=float(facing), **shape) for facing in facings]
    return found


def _numbers(row: dict[str, Any]) -> dict[str, float]:
    return {name: float(value) for name, value in row.items()}


def _place(contact: Contact) -> tuple[float, float]:
    return contact.centre_mm, contact.facing_deg
