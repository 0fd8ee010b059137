"""How kernels are compiled: kept on disk, run without the GIL, no check that they do not need.

numba keeps machine code by the file that calls it: after a change to an `inner` function, remove
the `*.nbi` files of the modules that import it.
"""

from numba import njit

kernel = njit(cache=True, nogil=True, no_cfunc_wrapper=True)
"""For functions that Python calls."""
inner = njit(cache=True, nogil=True, no_cfunc_wrapper=True, no_cpython_wrapper=True)
"""For functions that kernels alone call: a sixth of the time to compile is their way to Python."""
