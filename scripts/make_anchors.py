"""Makes the anchor pictures of the poison recipe from Debian's openclipart-png (public domain).

    apt-get download openclipart-png && dpkg-deb -x openclipart-png_*.deb /tmp/clip
    python scripts/make_anchors.py /tmp/clip/usr/share/openclipart/png

Each drawing is trimmed, laid on white in a square of 384 pixels and stored in 128 colours.
Everybody shares the files in core/glassine/targets/anchors: poison depends on all artists pulling
the same pair of concepts towards the same picture. Changing a file breaks that.
"""

import json
import sys
from pathlib import Path

from PIL import Image

OUT = Path(__file__).resolve().parents[1] / "core" / "glassine" / "targets" / "anchors"
SIDE, MARGIN, COLOURS = 384, 12, 128
ANCHORS = {
    "airplane": ("transportation/vehicles/aircraft_jarno_vasamaa1", "plane aeroplane aircraft"),
    "apple": ("food/fruit/apple", "fruit"),
    "bicycle": ("transportation/vehicles/bicycle_01", "bike"),
    "bird": ("animals/birds/gull_marcelo_staudt_01", "gull seagull"),
    "boat": ("transportation/boating/sailing_sunset", "sailboat"),
    "bus": ("transportation/vehicles/bus1_jarno_vasamaa_01", "coach"),
    "butterfly": ("animals/bugs/butterfly_jonathan_dietr_01", "moth"),
    "car": ("transportation/vehicles/car", "automobile"),
    "castle": ("buildings/ch_teau-fort_01", "fortress"),
    "cat": ("animals/mammals/housecats/gatto_cat_architetto_fra_03", "kitten"),
    "chair": ("buildings/furniture/sedia_in_legno_architett_01", "seat"),
    "clock": ("signs_and_symbols/clocks/clock05", "watch"),
    "dog": ("animals/mammals/dogs/beagle_copper_ganson", "puppy hound"),
    "fish": ("animals/fish/pescetto_arancione_archi_01", "goldfish"),
    "flower": ("plants/flowers/tulips_ganson", "tulip tulips flowers"),
    "frog": ("animals/red-eye_frog_mirko_maisc_01", "toad"),
    "guitar": ("recreation/music/guitar_jarno_vasamaa2", ""),
    "horse": ("animals/mammals/horses/cavallo_architetto_franc_01", "pony"),
    "house": ("buildings/homes/house_christoph_brill_01", "home building"),
    "ladybug": ("animals/bugs/ladybug_01", "ladybird beetle"),
    "leaf": ("plants/trees/fall_coloured_leaf_geral_01", "leaves"),
    "lighthouse": ("buildings/lighthouse_matthew_gates_", "tower"),
    "mushroom": ("plants/mushroom", "toadstool"),
    "person": ("people/woman_reading_gerald_g._01", "woman girl"),
    "pig": ("animals/mammals/pig_marcelo_caiafa1", "hog"),
    "rabbit": ("animals/mammals/coniglio_architetto_fran_01", "hare bunny"),
    "rose": ("plants/flowers/pink-rose_tess_brady_01", ""),
    "sheep": ("animals/mammals/sheep-md-v0.1", "ram"),
    "ship": ("transportation/boating/boat_jarno_vasamaa1", "sailing-ship"),
    "spider": ("animals/bugs/spider", ""),
    "sunflower": ("plants/flowers/sun_flower_ganson", ""),
    "tree": ("plants/trees/fall_coloured_tree_geral_01", "trees"),
    "wolf": ("animals/mammals/stylized_wolf_head_geral_01", ""),
}


def main(folder: Path) -> None:
    OUT.mkdir(exist_ok=True)
    index = {}
    for name, (source, also) in ANCHORS.items():
        picture = square(Image.open(folder / f"{source}.png").convert("RGBA"))
        picture.quantize(COLOURS, dither=Image.Dither.NONE).save(OUT / f"{name}.png", optimize=True)
        index[name] = {"source": f"openclipart-png: {source}.png", "also": also.split()}
    (OUT / "index.json").write_text(json.dumps(index, indent=1) + "\n", encoding="utf-8")
    total = sum(path.stat().st_size for path in OUT.iterdir())
    print(f"{len(index)} anchors, {total / 1e3:.0f} kB, in {OUT}")


def square(drawing: Image.Image) -> Image.Image:
    white = Image.new("RGBA", drawing.size, "white")
    flat = Image.alpha_composite(white, drawing).convert("RGB")
    inverted = flat.point(lambda value: 0 if value > 245 else 1)
    flat = flat.crop(inverted.getbbox())
    scale = (SIDE - 2 * MARGIN) / max(flat.size)
    size = (max(1, round(flat.width * scale)), max(1, round(flat.height * scale)))
    page = Image.new("RGB", (SIDE, SIDE), "white")
    left, top = ((SIDE - side) // 2 for side in size)
    page.paste(flat.resize(size, Image.Resampling.LANCZOS), (left, top))
    return page


if __name__ == "__main__":
    main(Path(sys.argv[1]))
