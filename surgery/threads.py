"""Long work in blocks, on a thread for each processor, through kernels without the GIL."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

Tell = Callable[[float, str], None]
"""Hears how far a long piece of work is, 0 to 1, with a sentence; what it raises ends the work."""


def silent(fraction: float, sentence: str) -> None:
    """Nobody listens."""


def in_blocks(
    count: int, block: int, work: Callable[[int, int], None], *,
    done_to: Callable[[int], None] | None = None,
) -> None:  # fmt: skip
    """Call `work(start, stop)` for each block of 0..count; the first failure is raised.

    `done_to(stop)` follows each block that is done, on the calling thread and in order.

    The threads live only as long as the call: none is left to be forked. Whatever stops the call
    also stops it from beginning another block.
    """
    bounds = [(start, min(start + block, count)) for start in range(0, count, block)]
    workers = min(len(bounds), len(os.sched_getaffinity(0)))
    if workers < 2:
        for start, stop in bounds:
            work(start, stop)
            if done_to:
                done_to(stop)
        return
    pool = ThreadPoolExecutor(workers)
    try:
        blocks = [pool.submit(work, start, stop) for start, stop in bounds]
        for (_, stop), one in zip(bounds, blocks, strict=True):
            one.result()
            if done_to:
                done_to(stop)
    finally:
        pool.shutdown(cancel_futures=True)
