"""Weights of judges that are downloaded only when asked for by name: no report needs them."""

from .sums import Wanted

ALEXNET = "lpips_alexnet"
"""The folder of LPIPS's AlexNet trunk."""

ALEXNET_FILE = Wanted(
    "alexnet-owt-7be5be79.pth",
    sha256="7be5be791159472b1fbf3c69796f7cb30dca7ad8466c2df70058c37116cdee02",
    origin="https://download.pytorch.org/models",
    bytes=244_408_911,
)
"""torchvision's AlexNet (BSD-3), at the address from which the package `lpips` downloads it."""
