"""From one T1 to drawn meshes: `python -m benchmarks.wall [T1.nii.gz] [--runs 3] [--json]`.

Runs the command a user runs, each time with an empty library, and prints medians of wall seconds,
seconds per stage and peak memory, and whether two runs gave the same labels byte for byte. Without
a file it takes Colin27 as `theatrum demo` finds it. The named alternative, in the same run: the
registration alone, of the same template at the same 2 mm, by SimpleITK's symmetric demons.
"""

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

WALL_S, LOADED_S, PEAK_GB = 60.0, 100.0, 6.0
MODULE = [sys.executable, "-m", "viewer.cli"]


def one_run(scan: Path) -> dict[str, Any]:
    """One reconstruction from nothing: seconds, stages, peak memory [GB], digest of the labels."""
    with tempfile.TemporaryDirectory(prefix="theatrum-bench-") as place:
        started = time.perf_counter()
        done = subprocess.run(
            [*MODULE, "reconstruct", str(scan), "--library", place, "--case", "bench", "--json"],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            check=True,
        )
        seconds = time.perf_counter() - started
        made = json.loads(done.stdout)
        out = Path(place, "labels.nii.gz")
        subprocess.run(
            [*MODULE, "export", "bench", "--library", place, "--labels", str(out)],
            stdout=subprocess.DEVNULL,
            check=True,
        )
        return {
            "wall_s": seconds,
            "peak_gb": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1e6,
            "stages": {stage["name"]: stage["seconds"] for stage in made["stages"]},
            "labels": out.read_bytes(),
        }


def demons_s(scan: Path) -> float:
    """Seconds of SimpleITK's symmetric demons, template to scan, 2 mm, 60 iterations, centred."""
    import SimpleITK
    from nilearn.datasets import load_mni152_template

    with tempfile.TemporaryDirectory() as place:
        load_mni152_template(resolution=2).to_filename(f"{place}/template.nii.gz")
        moving = SimpleITK.ReadImage(f"{place}/template.nii.gz", SimpleITK.sitkFloat32)
    whole = SimpleITK.ReadImage(str(scan), SimpleITK.sitkFloat32)
    started = time.perf_counter()
    size = [int(n * s / 2) for n, s in zip(whole.GetSize(), whole.GetSpacing(), strict=True)]
    fixed = SimpleITK.Resample(
        whole, size, SimpleITK.Transform(), SimpleITK.sitkLinear, whole.GetOrigin(), [2.0] * 3,
        whole.GetDirection(), 0.0, SimpleITK.sitkFloat32,
    )  # fmt: skip
    by_moments = SimpleITK.CenteredTransformInitializerFilter.MOMENTS
    centre = SimpleITK.CenteredTransformInitializer(
        fixed, moving, SimpleITK.Euler3DTransform(), by_moments
    )
    laid = SimpleITK.HistogramMatching(SimpleITK.Resample(moving, fixed, centre), fixed)
    filter_ = SimpleITK.SymmetricForcesDemonsRegistrationFilter()
    filter_.SetNumberOfIterations(60)
    filter_.SetStandardDeviations(1.5)
    filter_.Execute(fixed, laid)
    return time.perf_counter() - started


def main(arguments: list[str] | None = None) -> int:
    """Prints the figures; 1 if one is missed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("scan", type=Path, nargs="?")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args(arguments)
    scan = asked.scan
    if scan is None:
        from viewer.commands.demo import cache_folder, colin27, synthetic

        scan = colin27(cache_folder()) or synthetic(cache_folder())
    runs = [one_run(scan) for _ in range(asked.runs)]
    figures = {
        "wall [s]": statistics.median(r["wall_s"] for r in runs),
        "peak [GB]": max(r["peak_gb"] for r in runs),
        "identical labels": len({r["labels"] for r in runs}) == 1,
        "demons alone [s]": demons_s(scan),
        **{
            f"  {name} [s]": statistics.median(r["stages"][name] for r in runs)
            for name in runs[0]["stages"]
        },
    }
    if asked.json:
        print(json.dumps(figures))
    else:
        for name, value in figures.items():
            print(f"{name:24} {value:8.2f}" if isinstance(value, float) else f"{name:24} {value}")
        print(f"targets: wall <= {WALL_S:g} s idle ({LOADED_S:g} s loaded), peak <= {PEAK_GB:g} GB")
    met = figures["wall [s]"] <= LOADED_S and figures["peak [GB]"] <= PEAK_GB
    return 0 if met and figures["identical labels"] else 1


if __name__ == "__main__":
    sys.exit(main())
