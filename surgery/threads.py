"""Long work in blocks, on a thread for each processor, through kernels without the GIL."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor


def in_blocks(count: int, block: int, work: Callable[[int, int], None]) -> None:
    """Call `work(start, stop)` for each block of 0..count; the first failure is raised.

    The threads live only as long as the call: none is left to be forked. Whatever stops the call
    also stops it from beginning another block.
    """
    starts = range(0, count, block)
    workers = min(len(starts), len(os.sched_getaffinity(0)))
    if workers < 2:
        for start in starts:
            work(start, min(start + block, count))
        return
    pool = ThreadPoolExecutor(workers)
    try:
        for done in [pool.submit(work, start, min(start + block, count)) for start in starts]:
            done.result()
    finally:
        pool.shutdown(cancel_futures=True)
