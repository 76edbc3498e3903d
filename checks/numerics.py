"""numpy without its threads.

OpenBLAS starts a thread for each core when numpy is imported, with buffers for each; onwatch
multiplies no matrices and runs on machines that have neither to spare.
"""

from __future__ import annotations

import os
from importlib import import_module

__all__ = ["import_numpy"]

_THREADS = "OPENBLAS_NUM_THREADS"


def import_numpy() -> None:
    """Import numpy with a single thread. The environment is left as it was."""
    if _THREADS in os.environ:
        return
    os.environ[_THREADS] = "1"
    try:
        import_module("numpy")
    finally:
        del os.environ[_THREADS]
