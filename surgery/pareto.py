"""The exact Pareto front: every choice that no other one beats in all respects."""

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray

from anatomy.errors import GeometryError
from anatomy.geometry import Floats


def front(objectives: ArrayLike) -> NDArray[np.intp]:
    """Rows of objectives (n, k), each to be small, that no row dominates; in rising order.

    A row dominates another where it is nowhere larger and somewhere smaller; equal rows stay
    together. Exact: sorted so that none is dominated by a later one, then held against the front.
    """
    values = np.ascontiguousarray(objectives, dtype=np.float64)
    if values.ndim != 2 or not values.shape[1]:
        raise GeometryError("A front needs one row of objectives for each choice.")
    if np.isnan(values).any():
        raise GeometryError("An objective of a choice is not a number; leave that choice out.")
    ranks = np.empty_like(values)
    for column in range(values.shape[1]):
        ranks[:, column] = np.unique(values[:, column], return_inverse=True)[1]
    order = np.lexsort((*ranks.T, ranks.sum(axis=1)))
    found = np.empty(len(values), np.int64)
    count = _front(ranks[order], found)
    return np.sort(order[found[:count]])


@njit(cache=True, nogil=True)
def _front(rows: Floats, found: NDArray[np.int64]) -> int:
    """Fill `found` with the rows that no earlier one dominates; how many.

    Ranks, not values, are summed: a row that dominates has the smaller sum, exactly. What
    dominated last is asked first.
    """
    count, k = 0, rows.shape[1]
    asked = np.empty(len(rows), np.int64)
    for row in range(len(rows)):
        beaten = -1
        for place in range(count):
            other, better = asked[place], False
            for column in range(k):
                if rows[other, column] > rows[row, column]:
                    break
                better = better or rows[other, column] < rows[row, column]
            else:
                if better:
                    beaten = place
                    break
        if beaten < 0:
            asked[count] = found[count] = row
            count += 1
        elif beaten > 0:
            asked[beaten // 2], asked[beaten] = asked[beaten], asked[beaten // 2]
    return count
