"""theatrum demo: a real head (Colin27) or, without it, a synthetic one, served at once."""

import argparse
import os
import shutil
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

from twin.build import Order
from twin.repository import Repository
from viewer.commands import terminal
from viewer.commands.serve import add_place, serve

PACKAGE = "mricron-data"
HEAD = "usr/share/mricron/templates/ch2.nii.gz"
SEED = 27


def add(verbs: Any) -> None:
    """Declare the command."""
    parser = verbs.add_parser("demo", help="reconstruct a demonstration head and show it")
    terminal.add_library(parser)
    add_place(parser)
    parser.add_argument("--synthetic", action="store_true", help="take the synthetic head")
    parser.add_argument("--prepare", action="store_true", help="reconstruct only, do not serve")
    parser.set_defaults(run=run)


def run(given: argparse.Namespace) -> int:
    """Find a head, reconstruct it unless the library has it, serve."""
    settings = terminal.settings(given, host=given.host, port=given.port)
    cache = cache_folder()
    head = None if given.synthetic else colin27(cache)
    if head is not None:
        order = Order(path=head, name="Colin27 (ch2.nii.gz)", case="colin27")
    else:
        order = Order(path=synthetic(cache), name="synthetic head", case="synthetic-head")
    library = Repository(settings.library)
    made = terminal.built(library, order, offer=False)
    print(f"Case {made.case.case}: {len(made.case.structures)} structures.", file=sys.stderr)
    if not given.prepare:
        serve(settings, opening=made.case.case)
    return 0


def cache_folder() -> Path:
    """Where demonstration heads are kept between starts."""
    return Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "theatrum"


def colin27(cache: Path) -> Path | None:
    """Colin27's T1 from the Debian package, fetched once without root; None if not to be had."""
    folder = cache / "mricron"
    if (folder / HEAD).is_file():
        return folder / HEAD
    if shutil.which("apt-get") is None or shutil.which("dpkg") is None:
        _say_without("this is not a Debian or Ubuntu")
        return None
    print("Fetching Colin27, a real head of 27 averaged scans (16 MB, once).", file=sys.stderr)
    folder.mkdir(parents=True, exist_ok=True)
    try:
        fetched = subprocess.run(
            ["apt-get", "download", PACKAGE], cwd=folder, capture_output=True, text=True,
            timeout=120, check=False,
        )  # fmt: skip
        packages = sorted(folder.glob(f"{PACKAGE}_*.deb"))
        if fetched.returncode or not packages:
            _say_without(fetched.stderr.strip().split("\n")[-1] or "nothing was fetched")
            return None
        half = folder / "unpacking"
        shutil.rmtree(half, ignore_errors=True)
        subprocess.run(["dpkg", "-x", str(packages[-1]), str(half)], check=True, timeout=120)
        shutil.rmtree(folder / "usr", ignore_errors=True)
        (half / "usr").rename(folder / "usr")
        shutil.rmtree(half, ignore_errors=True)
        packages[-1].unlink()
    except (subprocess.SubprocessError, OSError) as reason:
        _say_without(str(reason))
        return None
    if not (folder / HEAD).is_file():
        _say_without("it is not in the package")
        return None
    return folder / HEAD


def synthetic(cache: Path) -> Path:
    """A T1 of the seeded phantom head, 1 mm RAS, written once for each version of it."""
    out = cache / f"synthetic-head-{SEED}-{version('theatrum')}-folded.nii.gz"
    if not out.is_file():
        import nibabel

        from anatomy.phantom_head import whole_head

        print("Making a synthetic head.", file=sys.stderr)
        head = whole_head(seed=SEED)
        image = nibabel.Nifti1Image(
            head.volume.voxels.round().astype("int16"), head.volume.grid.ijk_to_ras
        )
        image.header.set_xyzt_units("mm")
        cache.mkdir(parents=True, exist_ok=True)
        half = cache / f"half-{os.getpid()}.nii.gz"
        nibabel.save(image, half)
        half.replace(out)
    return out


def _say_without(why: str) -> None:
    print(
        f"Colin27 cannot be had from the package {PACKAGE} ({why}); "
        "a synthetic head with known truth takes its place.",
        file=sys.stderr,
    )
