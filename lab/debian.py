"""Files from Debian packages, downloaded and unpacked; nothing is installed, no root is needed."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable
from pathlib import Path


def unpacked(packages: Iterable[str], folder: Path) -> Path:
    """The folder, with each package unpacked into a folder of its name; done once."""
    folder.mkdir(parents=True, exist_ok=True)
    for package in packages:
        if not (folder / package).is_dir():
            subprocess.run(["apt-get", "download", package], cwd=folder, check=True)
            (archive,) = folder.glob(f"{package}_*.deb")
            subprocess.run(["dpkg-deb", "-x", archive, folder / package], check=True)
    return folder
