"""The inside of the skull by a learned network (deepbet), where the extra `[brain]` is installed.

The network and torch are imported in a worker process only, never here: the framework is large,
and a crash or a memory fault in it must not be ours. Its weights lie in deepbet's own package.
"""

from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec

import numpy as np
from numpy.typing import NDArray

from anatomy.errors import ReadError
from anatomy.segment.apart import THREADS, call
from anatomy.volume import Mask

Array = NDArray[np.float32]
LEAST = 0.7
"""Least share of the network's cavity and of the carried brain that lie in one another."""


def available() -> str | None:
    """The version of deepbet that can be used here, None without the extra; imports nothing."""
    if find_spec("deepbet") is None or find_spec("torch") is None:
        return None
    try:
        return version("deepbet")
    except PackageNotFoundError:
        return None


def intracranial(image: Array, *, poll: Callable[[float], None] = lambda _: None) -> Mask:
    """What lies inside the skull, fluid included, on the working lattice of `image` (R A S, 1 mm).

    A ReadError where the network finds no head, a WorkerError where its process dies.
    """
    found = call(
        "anatomy.segment.learned:predicted", image,
        what="Finding the inside of the skull with deepbet", seconds=240, poll=poll,
    )  # fmt: skip
    return np.asarray(found, bool)


def plausible(cavity: Mask, carried: Mask) -> bool:
    """Whether the network's cavity and the carried average brain are about the same thing.

    An inside of the skull holds the brain and not much else; on something else than a T1 of a head
    the network's answer is arbitrary and must not cut the brain.
    """
    shared = np.count_nonzero(cavity & carried)
    return bool(shared > LEAST * max(np.count_nonzero(cavity), np.count_nonzero(carried)))


def predicted(image: Array) -> Mask:
    """The worker's side of `intracranial`: on the CPU, with a fixed number of threads."""
    import nibabel
    import torch
    from deepbet import BrainExtraction

    torch.set_num_threads(THREADS)
    torch.use_deterministic_algorithms(True)
    network = BrainExtraction(no_gpu=True)
    try:
        _, mask, _ = network.run(nibabel.Nifti1Image(image, np.eye(4)))
    except (AssertionError, ValueError) as problem:
        raise ReadError("deepbet found no brain in the image.") from problem
    return np.asarray(mask.dataobj) > 0
