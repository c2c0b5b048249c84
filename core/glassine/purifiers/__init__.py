"""What a protection has to survive. To add a purifier: a file here, and its name below.

Handlings are what sites do to a picture, removals what somebody does against its protection."""

from ..registry import Registry
from .base import Apply, Autoencoder, Purifier, Scene

PURIFIERS: Registry[Purifier] = Registry(
    __name__,
    Purifier,
    names=(
        "jpeg95",
        "jpeg85",
        "jpeg75",
        "jpeg60",
        "webp80",
        "half",
        "crop10",
        "blur",
        "noise05",
        "noise10",
        "screenshot",
        "site_x",
        "site_instagram",
        "site_facebook",
        "site_bluesky",
        "site_mastodon",
        "site_pixelfed",
        "adverse_cleaner",
        "round_trip",
        "waifu2x",
        "realcugan",
        "realesrgan_anime",
        "noisy_upscale",
        "oidn",
        "ffdnet",
        "realesrgan",
        "realsr",
        "dat",
        "maxim",
        "impress",
        "gridpure",
    ),
)

__all__ = ["PURIFIERS", "Apply", "Autoencoder", "Purifier", "Scene"]
