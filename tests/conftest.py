from __future__ import annotations

import os


def pytest_xdist_auto_num_workers() -> int:
    """``-n auto``: most tests of processes wait for them, so that a core has time for more than one."""
    return 2 * (os.cpu_count() or 1)
