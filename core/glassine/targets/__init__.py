"""What the artwork should look like to an encoder. To add one: a file here, and its name below.

What helps to make or choose one (a local Stable Diffusion, a captioner) lies beside them."""

from ..registry import Registry
from .base import Target

TARGETS: Registry[Target] = Registry(
    __name__,
    Target,
    names=(
        "style",
        "concept",
        "picture",
        "texture",
    ),
)

__all__ = ["TARGETS", "Target"]
