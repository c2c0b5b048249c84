"""The packages that judges come from: `lpips` and `piq`, imported when a judge is first asked.

Both stand on torchvision, which takes seconds to start and has to be built for this very torch.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib import import_module

import torch

from ..causes import details_of
from ..messages import Message, message


@cache
def unfit() -> Message | None:
    """None where the packages can be used; else why not, and what to do."""
    try:
        with quiet():
            import_module("lpips")
            import_module("piq")
    except (ImportError, OSError, RuntimeError) as error:
        return message("judge.unfit", torch=torch.__version__, details=details_of(error))
    return None


@contextmanager
def quiet() -> Iterator[None]:
    """What these packages warn of is how they call each other: nobody here can mend it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
