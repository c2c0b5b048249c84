"""matplotlib, loaded only where a figure is drawn, for figures that go into files.

It comes with: pip install -e '.[study]'
"""

from typing import Any


def pyplot() -> Any:  # noqa: ANN401 - matplotlib is not among what the checks install
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    return pyplot
