"""Kinds of pictures: what each is taken for, where it begins, and what a change is held to."""

import io
import json
from dataclasses import replace

import pytest
import torch
import typed
from glassine.cli.commands import protect
from glassine.evidence.verdict import below_control
from glassine.flow.optimise import optimise
from glassine.flow.plan import plan
from glassine.flow.read import read
from glassine.flow.recipes import SCORES, START
from glassine.flow.settle import settle
from glassine.formats import FORMATS
from glassine.pixels import art
from glassine.pixels.grid import on_grid
from glassine.types import Art, Artwork, Change, Effect, Grid, Intent, Keep, Report
from PIL import Image

from lab.bench.kinds import drawn, gradient, noisy, picture, shapes, sprite
from lab.bench.kinds_sheet import detail
from lab.bench.reduced import middle
from lab.places import ROOT

DRAWN = dict(drawn())
EXAMPLE = ROOT / "examples" / "lake.png"
INTENT = Intent(seed=1, style="texture", surrogates=("embedded",), strength="auto")


@pytest.mark.parametrize("name", DRAWN)
def test_what_is_drawn_is_taken_for_its_kind(name):
    told = art.art_of(DRAWN[name])
    assert told.name == name.partition(":")[0]
    colourless = ("grey", "ink on white", "white on black", "scan")
    assert told.grey == any(word in name for word in colourless)


def test_paintings_are_paintings(paintings):
    for path in paintings:
        assert art.art_of(read(path).rgb) == Art("painting")


def test_the_grid_of_enlarged_pixel_art_is_found_wherever_it_begins():
    assert art.art_of(DRAWN["pixel: enlarged by 8"]).grid == Grid(8)
    assert art.art_of(DRAWN["pixel: by 5, cropped"]).grid == Grid(5, 3, 2)
    assert art.art_of(DRAWN["pixel: sprite at its own size"]).grid is None


@pytest.mark.parametrize("quality", (95, 75, 60))
@pytest.mark.parametrize("size", (3, 4, 5, 8))
def test_the_grid_is_found_in_a_jpeg_too(size, quality):
    figure = sprite(96)
    large = figure.resize((96 * size, 96 * size), 0).crop((2, 1, 96 * size, 96 * size))
    told = art.art_of(saved(large, quality))
    assert told.name == "pixel" and told.grid
    begins = (told.grid.top % size, told.grid.left % size)
    assert told.grid.cell % size == 0 and begins == (size - 1, size - 2), "whole pixels of the art"


@pytest.mark.parametrize("quality", (75, 20))
def test_the_blocks_of_a_jpeg_are_no_grid(quality):
    lake = Image.open(ROOT / "examples" / "lake.png").convert("RGB")
    for drawing in (shapes(), gradient(), lake):
        assert art.art_of(saved(drawing, quality)).grid is None


def saved(image, quality):
    stream = io.BytesIO()
    image.save(stream, "JPEG", quality=quality)
    return picture(Image.open(stream).convert("RGB"))


def test_a_few_rectangles_are_no_grid():
    flat = torch.zeros(3, 600, 600)
    flat[:, 100:400, 200:500] = 1
    assert art.grid_of(flat) is None and art.art_of(flat).name != "pixel"


def test_one_speck_of_colour_is_not_yet_a_colour_and_a_stamp_is():
    grey = torch.rand(1, 200, 200).expand(3, -1, -1).clone()
    grey[0, 3, 3] = 1
    assert art.is_grey(grey)
    grey[0, :30, :30] = 1
    grey[1:, :30, :30] = 0
    assert not art.is_grey(grey)


def glow(side=128):
    """A soft light in a dark sky."""
    away = torch.cartesian_prod(*(torch.arange(side),) * 2).sub(side / 3).float().norm(dim=1)
    light = (1 - away.view(1, side, side) / (1.3 * side)).clamp(0, 1)
    return on_grid(torch.tensor([80, 70, 180]).view(3, 1, 1) * light / 255, 8)


GRADIENTS = {
    "as it is": lambda: picture(gradient()),
    "with a grain against bands": lambda: picture(noisy(gradient(), 1)),
    "with a coarse one, in grey": lambda: picture(
        noisy(gradient(), 1.5).convert("L").convert("RGB")
    ),
    "as JPEG": lambda: saved(gradient(), 75),
    "with grain, as JPEG": lambda: saved(noisy(gradient(), 1), 85),
    "a glow": glow,
}


@pytest.mark.parametrize("name", GRADIENTS)
def test_a_gradient_is_flat_whatever_lies_on_it(name):
    assert art.art_of(GRADIENTS[name]()).name == "flat"
    assert art.plane_share(torch.rand(3, 7, 200)) == 0, "too narrow for one block"


# --- where it begins -----------------------------------------------------------------------------


def test_every_kind_begins_somewhere_and_says_so():
    assert set(START) == set(art.ArtName.__args__)
    for kind in ("line", "flat", "pixel"):
        name = next(name for name in DRAWN if name.startswith(kind))
        made = plan(Artwork(DRAWN[name][:, :128, :128]), INTENT)
        assert made.score == SCORES["subtle"]
        assert "art.begun" in [note.code for note in made.artwork.notes]
    made = plan(Artwork(DRAWN["grey: wash"][:, :128, :128]), INTENT)
    assert made.score == SCORES["balanced"]


def test_a_strength_that_was_named_is_kept_and_what_it_spoils_is_said():
    sheet = Artwork(DRAWN["line: blue pencil on paper"][:, :128, :128])
    made = plan(sheet, replace(INTENT, strength="balanced"))
    assert made.score == SCORES["balanced"]
    assert [note.code for note in made.artwork.notes] == ["art.shows"]
    assert plan(sheet, replace(INTENT, strength="subtle")).artwork.notes == ()


# --- what a change is held to --------------------------------------------------------------------


def settled(rgb, intent=INTENT):
    made = plan(Artwork(rgb, None, Keep()), intent)
    change = torch.randn(rgb.shape, generator=torch.Generator().manual_seed(2)) * 0.03
    return settle(Change(made, change.half()))


def grown(rgb, intent=INTENT):
    """How many levels of detail there are more after a few steps."""
    made = plan(Artwork(rgb), replace(intent, effort="preview"), device="cpu")
    after = settle(optimise(replace(made, steps=3))).rgb
    return detail(after) - detail(rgb)


@pytest.mark.parametrize(
    ("name", "bound"), [("as it is", 0.5), ("with a grain against bands", 0.6), ("a glow", 0.4)]
)
def test_a_smooth_gradient_shows_no_labyrinth(name, bound):
    """Its lines are levels apart: of less detail than a level, beside grain a little more, nobody
    sees any. Begun as photos begin, the same few steps draw one."""
    rgb = GRADIENTS[name]()[:, :96, :96]
    assert 0 < grown(rgb) < bound
    assert grown(rgb, replace(INTENT, strength="balanced")) > bound


def test_smooth_ground_beside_detail_shows_none_either():
    """It is a photo and begins as photos do. Where flat areas kept .35 of the reach, 3.4 levels."""
    smooth, busy = picture(gradient())[:, :128, :64], middle(EXAMPLE, 128)[:, :, 64:]
    rgb = torch.cat((smooth, busy), 2)
    made = plan(Artwork(rgb), replace(INTENT, effort="preview"), device="cpu")
    assert made.score == SCORES["balanced"]
    after = settle(optimise(replace(made, steps=3))).rgb
    assert detail(after[:, :, :64]) - detail(smooth) < 2.2
    assert not torch.equal(after[:, :, :64], smooth)


@pytest.mark.parametrize("name", ("line: ink on white", "grey: wash", "flat: gradient, grey"))
def test_what_has_no_colour_gets_none(name):
    rgb = DRAWN[name][:, :96, :96]
    done = settled(rgb)
    assert (done.rgb == done.rgb[:1]).all() and not torch.equal(done.rgb, rgb)
    assert done.plan.artwork.keep.grey
    for format_ in ("png", "jpeg", "tiff", "webp"):
        data = FORMATS[format_].write(done.rgb, None, done.plan.artwork.keep, 100)
        back = read(data)
        assert (back.rgb == back.rgb[:1]).all(), format_
        stored = any(note.code == "colour.grey_stored" for note in back.notes)
        assert stored == (format_ != "webp"), "WebP has no grey"
        if format_ in ("png", "tiff"):
            assert torch.equal(back.rgb, done.rgb)


def test_a_grey_file_with_a_profile_comes_back_as_one_and_says_nothing_else():
    rgb = DRAWN["grey: wash"][:, :96, :96]
    data = FORMATS["png"].write(rgb, None, Keep(grey=True), 95)
    seen = read(data)
    assert [note.code for note in seen.notes] == ["colour.grey_stored"]
    profiled = replace(seen, keep=replace(seen.keep, icc=b"of the colours it was converted to"))
    made = plan(profiled, replace(INTENT, strength="balanced"))
    assert made.artwork.keep.grey and made.artwork.keep.icc is None
    assert [note.code for note in made.artwork.notes] == ["art.grey_stays"]


def test_colour_can_be_asked_for_and_then_it_is_stored():
    done = settled(DRAWN["grey: wash"][:, :96, :96], replace(INTENT, in_colour=True))
    assert not (done.rgb == done.rgb[:1]).all() and not done.plan.artwork.keep.grey
    assert not read(FORMATS["png"].write(done.rgb, None, done.plan.artwork.keep, 95)).notes


def test_a_scan_with_a_tint_keeps_its_very_tint():
    rgb = DRAWN["grey: wash"][:, :96, :96].clone()
    rgb[2] = (rgb[2] - 3 / 255).clamp(0, 1)
    done = settled(rgb)
    inside = ((done.rgb > 0.05) & (done.rgb < 0.95)).all(0)
    added = (done.rgb - rgb)[:, inside]
    assert (added - added[:1]).abs().max() < 1.5 / 255 and not done.plan.artwork.keep.grey


@pytest.mark.parametrize("name", ("pixel: enlarged by 8", "pixel: by 5, cropped"))
def test_pixel_art_keeps_its_grid(name):
    rgb = DRAWN[name][:, :160, :160]
    done = settled(rgb)
    grid = done.plan.art.grid
    assert grid and art.grid_of(rgb) == grid
    cells = art.in_cells(done.rgb, grid)
    assert (cells - done.rgb).abs().max() < 1e-4, "every cell has one colour"
    assert not torch.equal(done.rgb, rgb)


@pytest.mark.parametrize("name", ("pixel: enlarged by 8", "pixel: by 5, cropped"))
def test_steps_move_whole_cells(name):
    """Where they moved pixels, and cells became their means afterwards, a fifth less was closed."""
    rgb = DRAWN[name][:, :160, :160]
    made = plan(Artwork(rgb), replace(INTENT, effort="preview"), device="cpu")
    change = optimise(made).pixels.float()
    assert made.art.grid and change.any()
    assert torch.allclose(art.in_cells(change, made.art.grid), change, atol=2e-4)


def test_the_grid_of_a_part_lies_where_it_lies_in_the_whole():
    rgb = torch.rand(1, 20, 30, generator=torch.Generator().manual_seed(1))
    grid = Grid(5, 2, 4)
    whole, part = art.in_cells(rgb, grid), (slice(None), slice(7, 17), slice(9, 29))
    assert torch.allclose(art.in_cells(rgb[part], art.grid_from(grid, 7, 9)), whole[part])
    assert art.grid_from(grid, 4, 0) == Grid(5, 3, 4)


def test_a_change_in_cells_is_their_mean_and_cut_cells_count():
    change = torch.arange(24.0).reshape(1, 4, 6)
    held = art.in_cells(change, Grid(2, 1, 0))
    assert held[0, 0].tolist() == [0.5, 0.5, 2.5, 2.5, 4.5, 4.5], "the first row is half a cell"
    assert held[0, 1, 0] == held[0, 2, 1] == (6 + 7 + 12 + 13) / 4
    coloured = change.expand(3, -1, -1)
    assert torch.equal(art.held_to(Art("photo"), coloured), coloured)


# --- what may be called protected ----------------------------------------------------------------


def effect(closed, blend, role="used", after="", moved=0.1):
    return Effect("sd15", role, after, moved, 0.1, closed, blend)


NAN = float("nan")


@pytest.mark.parametrize(
    ("rows", "weak"),
    [
        ([effect(0.2, 0.05)], False),
        ([effect(-0.26, 0.22)], True),
        ([effect(0.1, 0.1)], True),
        ([effect(-0.01, -0.05)], True),  # further away is no protection, whatever a blend does
        ([effect(0.3, 0.1), effect(0.0, 0.1)], False),
        ([effect(0.0, 0.1), effect(0.9, 0.1, role="held out")], True),
        ([effect(0.3, 0.1), effect(0.0, 0.2, after="jpeg75")], False),
        ([effect(NAN, NAN)], True),  # away from itself, no farther than at random
        ([effect(NAN, NAN, moved=0.4)], False),
        ([effect(NAN, NAN, moved=NAN)], False),  # nothing was measured
        ([], False),
    ],
)
def test_what_does_no_more_than_its_control_is_not_protected(rows, weak):
    said = below_control(Report(None, tuple(rows), ()))
    assert (said is not None) == weak
    if weak:
        assert "not protected" in str(said) and "helps" in str(said)


@pytest.mark.parametrize(("effort", "code"), [("quick", 6), ("full", 6), ("preview", 0)])
def test_the_exit_code_says_so_but_for_a_draft(painting, monkeypatch, capsys, effort, code):
    monkeypatch.setattr(protect, "one", lambda *_: {"protected": False})
    asked = ("protect", painting, "--effort", effort, "--surrogates", "embedded")
    assert typed.run(*asked) == code
    monkeypatch.setattr(protect, "one", lambda *_: {"protected": True})
    assert typed.run(*asked, "--json") == 0
    assert json.loads(capsys.readouterr().out) == {"pictures": [{"protected": True}]}


def test_what_is_drawn_here_is_drawn_the_same_every_time():
    for one in (shapes, gradient, lambda: sprite(32)):
        assert torch.equal(picture(one()), picture(one()))
