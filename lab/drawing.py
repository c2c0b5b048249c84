"""Figures into files; matplotlib is loaded only where one is drawn.

It comes with: pip install -e '.[study]'
"""

from typing import Any


def pyplot() -> Any:  # noqa: ANN401 - matplotlib is not among what the checks install
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    return pyplot
