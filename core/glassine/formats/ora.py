"""OpenRaster (Krita, GIMP, MyPaint); the flattened picture in it is read."""

from . import archive
from .base import Format

ENTRY = Format(
    says="OpenRaster document",
    suffixes=(".ora",),
    lossy=False,
    depths=(8, 16),
    opens=lambda data: archive.is_a(data, b"image/openraster"),
    read=archive.read,
    write=None,
)
