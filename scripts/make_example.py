"""Paints the picture that the repository ships, so that `scripts/run.py` has something to protect.

    python scripts/make_example.py          # needs numpy and Pillow, writes examples/lake.png

A composition of gradients (sky, sun, hills, lake) is painted over in four passes of brush strokes,
coarse to fine, that follow the forms. Everything in it is ours: CC0, do with it what you like.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

Field = NDArray[np.float64]
Scene = tuple[Field, Field, Field]
Draw = np.random.Generator

OUT = Path(__file__).resolve().parents[1] / "examples" / "lake.png"
WIDTH, HEIGHT, SCALE = 640, 448, 2
SEED = 1888
PASSES = ((26, 9.0, 1.0), (13, 5.0, 0.8), (7, 3.0, 0.55), (4, 1.6, 0.25))
"""Length and width of a stroke in pixels, and how much of the picture the pass covers."""


def main() -> None:
    draw = np.random.default_rng(SEED)
    scene = composition(draw)
    picture = Image.fromarray(scene[0].astype(np.uint8)).resize(
        (WIDTH * SCALE, HEIGHT * SCALE), Image.Resampling.BICUBIC
    )
    for length, width, cover in PASSES:
        paint(picture, scene, draw, length, width, cover)
    reeds(picture, draw)
    picture = picture.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS)
    OUT.parent.mkdir(exist_ok=True)
    picture.quantize(256, dither=Image.Dither.NONE).save(OUT, optimize=True)
    print(f"{OUT}: {WIDTH} x {HEIGHT}, {OUT.stat().st_size / 1e3:.0f} kB")


def composition(draw: Draw) -> Scene:
    """Colours (H, W, 3), the angle of the strokes (H, W), and where fine strokes go (H, W)."""
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH].astype(float)
    colours, flow = sky(x, y, draw)
    detail = np.full((HEIGHT, WIDTH), 0.35)
    for base, height, low, high in HILLS:
        ridge = HEIGHT * base - HEIGHT * height * hills(x / WIDTH, base)
        inside = (y > ridge) & (y < SHORE)
        depth = np.clip((y - ridge) / 60, 0, 1)[..., None]
        slope = np.arctan2(np.gradient(ridge, axis=1), 1.0)
        colours = np.where(
            inside[..., None], np.array(low) * depth + np.array(high) * (1 - depth), colours
        )
        flow, detail = np.where(inside, slope * 0.8, flow), np.where(inside, 0.8, detail)
    return lake(colours, flow, detail, y, x, draw)


SHORE = HEIGHT * 0.64
HILLS = (
    (0.60, 0.26, (118, 122, 160), (176, 158, 190)),
    (0.63, 0.17, (70, 96, 124), (120, 118, 150)),
    (0.66, 0.10, (34, 66, 70), (66, 92, 84)),
)


def hills(x: Field, phase: float) -> Field:
    waves = ((1.3, 1.0), (2.9, 0.45), (6.1, 0.2), (13.7, 0.07))
    lines = [size * np.sin(6.283 * turns * (x + 3.7 * phase)) for turns, size in waves]
    line: Field = np.sum(lines, axis=0)
    return 0.5 + line / 3.4


def sky(x: Field, y: Field, draw: Draw) -> tuple[Field, Field]:
    height = np.clip(y / SHORE, 0, 1)[..., None]
    top, middle, low = (
        np.array(c, float) for c in ((44, 84, 150), (232, 160, 128), (252, 214, 140))
    )
    colours = np.where(
        height < 0.6,
        top + (middle - top) * height / 0.6,
        middle + (low - middle) * (height - 0.6) / 0.4,
    )
    away = np.hypot(x - WIDTH * 0.68, y - HEIGHT * 0.40)
    glow = np.exp(-away / 70)[..., None]
    colours = colours + glow * (np.array((255, 236, 170)) - colours) * 0.9
    colours = np.where((away < 26)[..., None], np.array((255, 246, 214)), colours)
    clouds = smooth(draw.standard_normal((HEIGHT, WIDTH)), 34) + 0.5 * smooth(
        draw.standard_normal((HEIGHT, WIDTH)), 12
    )
    band = np.exp(-(((y - HEIGHT * 0.2) / 60) ** 2))
    mist = np.clip(clouds * 0.8 * band, 0, 1)[..., None]
    colours = colours + mist * (np.array((250, 214, 196)) - colours) * 0.8
    swirl = np.arctan2(y - HEIGHT * 0.40, x - WIDTH * 0.68) + np.pi / 2
    return colours, swirl + 0.5 * smooth(draw.standard_normal((HEIGHT, WIDTH)), 40)


def lake(colours: Field, flow: Field, detail: Field, y: Field, x: Field, draw: Draw) -> Scene:
    """The sky and hills upside down, darker, broken by horizontal ripples."""
    water = y >= SHORE
    ripple = 6 * np.sin(y / 2.3 + 3 * np.sin(x / 47)) * np.clip((y - SHORE) / 120, 0.1, 1)
    source = np.clip(2 * SHORE - y + ripple * 0.7, 0, SHORE - 1).astype(int)
    mirror = colours[source, np.clip(x + ripple, 0, WIDTH - 1).astype(int)]
    mirror = mirror * np.array((0.72, 0.80, 0.92))
    glint = (np.abs(x - WIDTH * 0.68) < 14 + 10 * draw.random(x.shape)) & (np.sin(y / 2.0) > 0.2)
    mirror = np.where(glint[..., None], np.array((255, 232, 172)), mirror)
    colours = np.where(water[..., None], mirror, colours)
    return np.clip(colours, 0, 255), np.where(water, 0.04, flow), np.where(water, 0.6, detail)


def smooth(noise: Field, radius: float) -> Field:
    """Noise at the scale of `radius` pixels, with standard deviation 1."""
    span = 4 * noise.std()
    image = Image.fromarray(np.clip((noise / span + 0.5) * 255, 0, 255).astype(np.uint8))
    out = np.asarray(image.filter(ImageFilter.GaussianBlur(radius)), float)
    even: Field = (out - out.mean()) / out.std()
    return even


def paint(
    picture: Image.Image,
    scene: Scene,
    draw: Draw,
    length: float,
    width: float,
    cover: float,
) -> None:
    colours, flow, detail = scene
    brush, count = ImageDraw.Draw(picture), int(cover * WIDTH * HEIGHT / (length * width) * 3)
    places = np.stack((draw.uniform(0, HEIGHT, count), draw.uniform(0, WIDTH, count)), 1)
    fine = width < 4
    for row, column in places:
        at = int(row), int(column)
        if fine and draw.random() > detail[at]:
            continue
        angle = flow[at] + draw.normal(0, 0.12)
        reach = length * draw.uniform(0.6, 1.2) / 2
        dx, dy = np.cos(angle) * reach, np.sin(angle) * reach
        tint = np.clip(colours[at] + draw.normal(0, 9) + draw.normal(0, 3, 3), 0, 255)
        stroke(brush, column, row, dx, dy, width, tuple(int(v) & 0xFC for v in tint))


def stroke(
    brush: ImageDraw.ImageDraw,
    x: float,
    y: float,
    dx: float,
    dy: float,
    width: float,
    colour: tuple[int, ...],
) -> None:
    ends = [(SCALE * (x + s * dx), SCALE * (y + s * dy)) for s in (-1, 1)]
    brush.line(ends, fill=colour, width=max(1, round(SCALE * width)))
    radius = SCALE * width / 2
    for cx, cy in ends:
        brush.ellipse((cx - radius, cy - radius, cx + radius, cy + radius), fill=colour)


def reeds(picture: Image.Image, draw: Draw) -> None:
    """Thin dark lines before a flat ground: where a visible cloak is noticed first."""
    brush = ImageDraw.Draw(picture)
    for _ in range(46):
        foot, top = draw.uniform(8, 170), draw.uniform(0.66, 0.9)
        lean, width = draw.normal(6, 7), draw.choice((2, 3))
        points = [
            (SCALE * (foot + lean * t * t), SCALE * HEIGHT * (1.01 - (1.01 - top) * t))
            for t in np.linspace(0, 1, 12)
        ]
        brush.line(
            points,
            fill=tuple(int(v) for v in draw.integers((14, 24, 20), (44, 60, 48))),
            width=int(width),
        )
        if draw.random() < 0.4:
            (px, py) = points[-1]
            brush.ellipse((px - 4, py - 16, px + 4, py + 10), fill=(74, 44, 30))


if __name__ == "__main__":
    main()
