"""How threads wait for one another. Loads nothing, because it must be decided before torch is."""

from __future__ import annotations

import os


def wait_asleep() -> None:
    """Threads that wait for others sleep; by default OpenMP's keep a core busy meanwhile.

    Where another program needs the cores too, such a wait costs many times the work: cloaking a
    face beside two busy processes took 86 s, and 7 s with this. An own OMP_WAIT_POLICY is kept.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
