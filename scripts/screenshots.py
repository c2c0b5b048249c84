#!/usr/bin/env python3
"""Takes pictures of the docker in a real Krita, dark and light, at two sizes, for docs/pictures/.

    screenshots.py [--picture FILE] [--size 1280x800] [--theme dark] [--out DIR]

Needs the same programs as tests/krita. Keeps crops of the docker, and some whole windows. With real
encoders in $GLASSINE_MODELS it takes only the pictures of "what the model sees": the others are to
show the docker without downloads.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "krita"))

import pyvips  # noqa: E402
from harness import provide, run  # noqa: E402
from runs import built, engine  # noqa: E402

THEMES = {"dark": "Krita dark", "light": "Krita bright"}
SIZES = ("1280x800", "1920x1080")
DRAWN = ("face01", "face05")
DOCKER = 268  # pixels at the right of the window, as wide as Krita makes its dockers
WHOLE = ("-preview", "-first-run")  # pictures of which the whole window is kept


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--picture", type=Path, default=ROOT / "examples" / "lake.png")
    parser.add_argument("--size", choices=SIZES, action="append")
    parser.add_argument("--theme", choices=list(THEMES), action="append")
    parser.add_argument("--language", default="en", help="of the docker")
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "pictures")
    args = parser.parse_args()
    if problem := provide():
        raise SystemExit(problem)
    args.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        plugin = built(Path(folder))
        place = Path(tempfile.gettempdir()) / "paintings"  # this path can be read in a picture
        place.mkdir(exist_ok=True)
        picture = Path(shutil.copy(args.picture, place))
        portraits = drawn_faces(place / "portraits.png")
        for theme in args.theme or THEMES:
            for size in args.size or SIZES:
                for commands in (engine(), {"GLASSINE_ENGINE": ""}):
                    words = {"LANGUAGE": args.language, "PORTRAITS": str(portraits)}
                    commands |= {f"GLASSINE_{name}": one for name, one in words.items()}
                    taken = shoot(plugin, theme, size, picture, commands, Path(folder) / "w")
                    keep(taken, size, args.out)
    return 0


def drawn_faces(path: Path) -> Path:
    """A picture of two of the drawn faces that ship; Krita reads PNG without asking how."""
    folder = ROOT / "core" / "glassine" / "faces" / "drawn"
    one, other = (pyvips.Image.new_from_file(str(folder / f"{name}.webp")) for name in DRAWN)
    one.join(other, "horizontal").pngsave(str(path))
    return path


def shoot(
    plugin: Path, theme: str, size: str, picture: Path, commands: dict[str, str], work: Path
) -> list[Path]:
    models = os.environ.get("GLASSINE_MODELS")
    env = {
        **commands,
        **({"GLASSINE_MODELS": models} if models else {}),
        "GLASSINE_THEME": theme,
        "GLASSINE_SIZE": size,
        "GLASSINE_PICTURE": str(picture.resolve()),
    }
    config = f"\n[theme]\nTheme={THEMES[theme]}\n"
    scenario = ROOT / "tests" / "krita" / "screens.py"
    outcome = run([scenario], [plugin], env, work=work, timeout=600, size=size, config=config)
    problem = outcome.trouble or next(iter(outcome.verdicts.values()), "nothing ran")
    if problem:
        raise SystemExit(problem)
    return sorted((work / "out").glob("*.png"))


def keep(taken: list[Path], size: str, out: Path) -> None:
    """Copies whole windows, and at the small size crops of the docker."""
    if os.environ.get("GLASSINE_MODELS"):
        taken = [path for path in taken if path.stem.endswith("-sees")]
    for path in taken:
        if path.stem.endswith(WHOLE):
            shutil.copy(path, out / f"{path.stem}-{size}.png")
        if size == SIZES[0]:
            crop = ["-gravity", "East", "-crop", f"{DOCKER}x0+0+0", "+repage"]
            subprocess.run(["convert", str(path), *crop, str(out / f"{path.stem}.png")], check=True)


if __name__ == "__main__":
    sys.exit(main())
