"""What every test may ask for: the shared data, the Colin27 head, a library of its own."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real MRI and label maps; never part of the project."""
    folder = Path(os.environ.get("THEATRUM_DATA", ROOT.parent / "shared" / "data"))
    if not (folder / "MANIFEST.md").exists():
        pytest.skip(f"no development data in {folder} (set THEATRUM_DATA)")
    return folder


@pytest.fixture(scope="session")
def colin27() -> Path:
    """The folder with Colin27's ch2.nii.gz, ch2bet.nii.gz and aal.nii.gz."""
    folder = ROOT / ".cache" / "mricron"
    wanted = folder / "usr/share/mricron/templates"
    if not (wanted / "ch2.nii.gz").exists():
        if shutil.which("apt-get") is None:
            pytest.skip("Colin27 comes from the Debian package mricron-data; no apt-get here")
        folder.mkdir(parents=True, exist_ok=True)
        fetched = subprocess.run(
            ["apt-get", "download", "mricron-data"], cwd=folder, capture_output=True, text=True
        )
        packages = sorted(folder.glob("mricron-data_*.deb"))
        if fetched.returncode or not packages:
            pytest.skip(f"mricron-data cannot be had: {fetched.stderr.strip()[-200:]}")
        subprocess.run(["dpkg", "-x", str(packages[-1]), str(folder)], check=True)
    return wanted


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files with slow tests first: two workers then end at about the same time."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)
