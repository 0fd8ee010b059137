"""The NIfTI header, read and doubted before a single voxel is touched.

Only numbers are parsed. The text fields (descrip, aux_file, db_name, intent_name) and extensions
are passed over: they may name the patient.
"""

import math
import struct
from dataclasses import dataclass

from anatomy.errors import ReadError

MOST_VOXELS = 512**3
MOST_BYTES = 1024**3
MOST_OFFSET = 64 * 1024**2

# code: (name in a report, NumPy type)
DATATYPES = {
    2: ("uint8", "u1"), 4: ("int16", "i2"), 8: ("int32", "i4"), 16: ("float32", "f4"),
    64: ("float64", "f8"), 256: ("int8", "i1"), 512: ("uint16", "u2"), 768: ("uint32", "u4"),
    1024: ("int64", "i8"), 1280: ("uint64", "u8"),
}  # fmt: skip
REFUSED = {
    32: "complex numbers", 1792: "complex numbers", 2048: "complex numbers",
    128: "RGB colours", 2304: "RGBA colours", 1: "single bits", 1536: "128-bit floats",
    0: "no stated data type",
}  # fmt: skip
UNITS = {0: "unknown", 1: "m", 2: "mm", 3: "um"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """The numbers of one NIfTI header, believed only as far as `check` says."""

    format: str
    order: str
    """Byte order: < or >."""
    dim: tuple[int, ...]
    """Eight counts: how many dimensions, then their lengths."""
    datatype: int
    pixdim: tuple[float, ...]
    vox_offset: int
    slope: float
    inter: float
    unit: str
    qform_code: int
    sform_code: int
    quatern: tuple[float, float, float]
    qoffset: tuple[float, float, float]
    srow: tuple[float, ...]
    texts: bool
    """True if the header holds free text."""

    @property
    def shape(self) -> tuple[int, int, int]:
        """Voxels along the three storage axes."""
        return self.dim[1], self.dim[2], self.dim[3]

    @property
    def body_bytes(self) -> int:
        """Bytes of voxel data that the header promises."""
        return math.prod(self.shape) * int(DATATYPES[self.datatype][1][1])


def parse(raw: bytes, *, name: str) -> Header:
    """The header in the first 540 bytes of `raw`; ReadError, naming `name`, if it is not NIfTI."""
    for order in "<>":
        size = struct.unpack(order + "i", raw[:4])[0] if len(raw) >= 4 else 0
        if size == 348 and len(raw) >= 348:
            return _parse_1(raw, order, name)
        if size == 540 and len(raw) >= 540:
            return _parse_2(raw, order, name)
        if size in (348, 540):
            raise ReadError(f"{name} ends within its header: the file is cut off.", bytes=len(raw))
    raise ReadError(f"{name} is not a NIfTI file: it does not begin with a NIfTI header.")


def _parse_1(raw: bytes, order: str, name: str) -> Header:
    if raw[344:348] == b"ni1\0":
        raise ReadError(
            f"{name} is half of a .hdr/.img pair: convert it to one .nii or .nii.gz file."
        )
    if raw[344:348] != b"n+1\0":
        raise ReadError(
            f"{name} has no NIfTI mark (an Analyze 7.5 file does not say left from right): "
            "convert it to NIfTI."
        )

    def get(form: str, at: int) -> tuple[float, ...]:
        return struct.unpack_from(order + form, raw, at)

    return _header(
        "NIfTI-1",
        order,
        name,
        dim=get("8h", 40),
        datatype=get("h", 70),
        pixdim=get("8f", 76),
        offset=get("f", 108),
        scale=get("2f", 112),
        unit=raw[123],
        codes=get("2h", 252),
        quatern=get("3f", 256),
        qoffset=get("3f", 268),
        srow=get("12f", 280),
        texts=raw[14:32] + raw[148:252] + raw[328:344],
    )


def _parse_2(raw: bytes, order: str, name: str) -> Header:
    if raw[4:8] != b"n+2\0":
        raise ReadError(f"{name} has no NIfTI-2 mark: convert it to one .nii or .nii.gz file.")

    def get(form: str, at: int) -> tuple[float, ...]:
        return struct.unpack_from(order + form, raw, at)

    return _header(
        "NIfTI-2",
        order,
        name,
        dim=get("8q", 16),
        datatype=get("h", 12),
        pixdim=get("8d", 104),
        offset=get("q", 168),
        scale=get("2d", 176),
        unit=int(get("i", 500)[0]),
        codes=get("2i", 344),
        quatern=get("3d", 352),
        qoffset=get("3d", 376),
        srow=get("12d", 400),
        texts=raw[240:344] + raw[508:524],
    )


def _header(
    format: str,
    order: str,
    name: str,
    *,
    dim: tuple[float, ...],
    datatype: tuple[float, ...],
    pixdim: tuple[float, ...],
    offset: tuple[float, ...],
    scale: tuple[float, ...],
    unit: int,
    codes: tuple[float, ...],
    quatern: tuple[float, ...],
    qoffset: tuple[float, ...],
    srow: tuple[float, ...],
    texts: bytes,
) -> Header:
    if not math.isfinite(offset[0]):
        raise ReadError(f"{name} says that its voxels start at byte {offset[0]}.")
    return Header(
        format=format,
        order=order,
        dim=tuple(int(n) for n in dim),
        datatype=int(datatype[0]),
        pixdim=pixdim,
        vox_offset=int(offset[0]),
        slope=scale[0],
        inter=scale[1],
        unit=UNITS.get(unit & 7, "unknown"),
        qform_code=int(codes[0]),
        sform_code=int(codes[1]),
        quatern=(quatern[0], quatern[1], quatern[2]),
        qoffset=(qoffset[0], qoffset[1], qoffset[2]),
        srow=srow,
        texts=bool(texts.strip(b"\0 ")),
    )


def check(header: Header, *, name: str) -> None:
    """Refuse, by name, counts and types that a head cannot have; touches no voxel."""
    count = header.dim[0]
    if not 1 <= count <= 7:
        raise ReadError(f"{name} claims {count} dimensions: its header is damaged.", dim=header.dim)
    lengths = header.dim[1 : count + 1]
    if any(n < 1 for n in lengths[:3]) or any(n < 0 for n in lengths[3:]):
        raise ReadError(
            f"{name} claims {_times(lengths)} voxels: a count below one cannot be.", dim=header.dim
        )
    if any(n > 1 for n in lengths[4:]):
        raise ReadError(
            f"{name} holds {count}-dimensional data ({_times(lengths)}): take one 3-D volume "
            "out of it first.",
            dim=header.dim,
        )
    if count > 3 and lengths[3] > 1:
        raise ReadError(
            f"{name} is 4-D: it holds {lengths[3]} volumes; take one out of it first.",
            dim=header.dim,
        )
    if count < 3 or min(lengths[:3]) == 1:
        raise ReadError(
            f"{name} holds a single slice ({_times(lengths)} voxels): a volume is needed.",
            dim=header.dim,
        )
    if header.datatype not in DATATYPES:
        what = REFUSED.get(header.datatype, f"data of unknown type {header.datatype}")
        raise ReadError(
            f"{name} holds {what}: a grey-value or label volume is needed.",
            datatype=header.datatype,
        )
    voxels = math.prod(lengths[:3])
    if voxels > MOST_VOXELS or header.body_bytes > MOST_BYTES:
        raise ReadError(
            f"{name} claims {_times(lengths[:3])} voxels ({header.body_bytes / 1e9:.1f} GB): "
            "at most 512 x 512 x 512 voxels and 1 GiB are read.",
            dim=header.dim,
        )
    for number, what in ((header.slope, "scales its values by"), (header.inter, "adds")):
        if math.isinf(number):
            raise ReadError(f"{name} {what} {number}: its header is damaged.")


def body_start(header: Header, *, name: str, file_bytes: int | None) -> int:
    """The byte where voxels start. `file_bytes` is the file's size, None while it is packed."""
    least = 352 if header.format == "NIfTI-1" else 544
    start = header.vox_offset or least
    if start < least - 4 or start > MOST_OFFSET:
        raise ReadError(
            f"{name} says that its voxels start at byte {start}: they cannot.", vox_offset=start
        )
    if file_bytes is not None and start >= file_bytes:
        raise ReadError(
            f"{name} says that its voxels start at byte {start}, past its end ({file_bytes} "
            "bytes).",
            vox_offset=start,
            bytes=file_bytes,
        )
    if file_bytes is not None and start + header.body_bytes > file_bytes:
        raise ReadError(
            f"{name} is cut off: its header promises {header.body_bytes} bytes of voxels, "
            f"{file_bytes - start} are there.",
            promised=header.body_bytes,
            found=file_bytes - start,
        )
    return start


def _times(counts: tuple[int, ...]) -> str:
    return " x ".join(str(n) for n in counts)
