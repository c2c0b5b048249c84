"""Faces: found, cut out, masked, and moved in the one loop; what cannot be done is a sentence."""

import io
from dataclasses import replace
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from glassine.cli import cli
from glassine.cli.commands.report import planned
from glassine.embedders import EMBEDDERS
from glassine.errors import NotUsable
from glassine.explore.canvas import canvas
from glassine.explore.faces import FaceCourse, upright
from glassine.faces.align import as_seen, placing
from glassine.faces.detect import find_faces
from glassine.faces.gallery import POINTS, SIZE, drawn_faces, farthest, seen_by, stored_face
from glassine.faces.measured import everything_found, found_of
from glassine.faces.place import around, soft_mask
from glassine.flow.catalogue import catalogue
from glassine.flow.optimise import optimise
from glassine.flow.plan import plan
from glassine.flow.protect import verified
from glassine.flow.read import read
from glassine.flow.recipes import FACE_RECIPES, FINE_STEPS
from glassine.flow.settle import judged, settle
from glassine.formats import FORMATS
from glassine.machine.device import choose
from glassine.pixels.grid import on_grid
from glassine.record import RunRecord
from glassine.service.methods import METHODS
from glassine.service.state import State
from glassine.types import Artwork, Face, Intent, Keep, quiet
from glassine.units import Score
from PIL import Image

CPU = choose("cpu")
ONE = ("mobileface",)  # the cheapest network


@pytest.fixture(autouse=True)
def shipped_only(tmp_path, monkeypatch):
    monkeypatch.setenv("GLASSINE_MODELS", str(tmp_path / "none"))


def drawn(name="face07", side=SIZE):
    small = F.interpolate(drawn_faces()[name][None], (side, side), mode="area")[0]
    return on_grid(small, 8)


def beside(*pictures):
    return torch.cat(pictures, 2)


def asked(recipe="lowkey", **more):
    return Intent(**{"recipe": recipe, "effort": "preview", "seed": 1, "surrogates": ONE} | more)


def written(rgb, alpha=None, **keep):
    return FORMATS["png"].write(rgb, alpha, Keep(**keep), 95)


# --- finding -------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", drawn_faces())
def test_every_face_of_the_gallery_is_found_where_it_says_that_it_is(name):
    (face,) = find_faces(drawn(name))
    there = [(SIZE * x, SIZE * y) for x, y in POINTS]
    off = [abs(complex(*a) - complex(*b)) for a, b in zip(face.points, there, strict=True)]
    assert max(off) < 0.1 * SIZE and face.sure > 0.8


def test_small_faces_many_faces_and_faces_at_the_border_are_found():
    low = torch.full((3, 96, 128), 0.5)
    low[:, :56, :56] = drawn(side=56)
    (small,) = find_faces(low)
    assert 20 <= small.side <= 36
    names = list(drawn_faces())
    rows = [beside(*(drawn(names[(8 * r + c) % 12], 80) for c in range(8))) for r in range(5)]
    assert len(find_faces(torch.cat(rows, 1))) >= 38
    (cut,) = find_faces(drawn()[:, :, 80:])
    assert cut.box[0] < 0 < cut.box[2]


@pytest.mark.parametrize("size", [(10, 10), (64, 700), (90, 120)])
def test_where_there_is_no_face_none_is_found(size):
    draw = torch.Generator().manual_seed(4)
    assert find_faces(torch.rand(3, *size, generator=draw)) == ()


# --- cutting out ---------------------------------------------------------------------------------


@pytest.mark.parametrize("name", EMBEDDERS)
def test_a_face_is_cut_so_that_its_points_lie_where_the_network_wants_them(name):
    entry = EMBEDDERS[name]
    turn, shift = 2.5 * complex(0.9, 0.3), complex(40, 70)
    points = tuple(
        (z.real, z.imag)
        for z in (turn * entry.size * complex(*point) + shift for point in entry.points)
    )
    at = placing(Face((0, 0, 9, 9), points, 1.0), entry.points, entry.size)
    assert at.turn == pytest.approx(turn) and at.shift == pytest.approx(shift)


def test_a_crop_shows_the_pixels_that_lie_there_and_passes_a_gradient():
    y, x = torch.meshgrid(torch.arange(300.0), torch.arange(400.0), indexing="ij")
    ramp = torch.stack([x, y, x + y]) / 700
    face = Face((0, 0, 9, 9), ((120, 90), (180, 96), (150, 130), (125, 160), (176, 166)), 1.0)
    entry, seen = EMBEDDERS["mobileface"], ramp.clone().requires_grad_(True)
    crop = as_seen(seen, face, entry.points, entry.size)
    at = placing(face, entry.points, entry.size)
    for row, column in ((10, 20), (60, 60), (100, 30)):
        there = at.at(complex(column + 0.5, row + 0.5)) - complex(0.5, 0.5)
        wanted = torch.tensor([there.real, there.imag, there.real + there.imag]) / 700
        assert torch.allclose(crop[:, row, column].detach(), wanted, atol=2e-3)
    (slope,) = torch.autograd.grad(crop.sum(), seen)
    assert slope.isfinite().all() and (slope != 0).any()


def test_a_large_face_is_averaged_and_not_sampled():
    """A pattern of single pixels is grey from afar."""
    dots = (torch.arange(900)[:, None] + torch.arange(900)[None]) % 2
    picture = dots.float().expand(3, -1, -1)
    face = Face((0, 0, 9, 9), tuple((900 * x, 900 * y) for x, y in POINTS), 1.0)
    crop = as_seen(picture, face, EMBEDDERS["mobileface"].points, 112)[:, 20:-20, 20:-20]
    assert (crop - 0.5).abs().max() < 0.1


def test_the_mask_is_whole_on_a_face_and_ends_softly():
    face = Face((100, 60, 160, 140), stored_face().points, 1.0)
    mask = soft_mask([face], 200, 300)
    assert mask[0, 100, 130] == 1 and mask[0, 100, 5] == 0 and mask[0, 5, 130] == 0
    assert 0 < ((mask > 0) & (mask < 1)).float().mean() < 0.2
    assert (mask[0, 100, 130:] - mask[0, 100, 129:-1]).abs().max() < 0.1
    beyond = Face((-40, -30, 30, 60), stored_face().points, 1.0)
    assert soft_mask([beyond], 50, 50)[0, 0, 0] == 1
    rows, columns = around(beyond, 50, 50)
    assert (rows, columns) == (slice(0, 50), slice(0, 50))


# --- deciding ------------------------------------------------------------------------------------


def test_only_the_faces_that_were_asked_for_may_change():
    both = beside(drawn("face01"), drawn("face05"))
    made = plan(Artwork(both), asked(faces=(2,)))
    assert len(made.faces) == 1 and made.faces[0].box[0] > SIZE
    assert not made.allowance[:, :, :SIZE].any() and made.allowance.any()
    codes = [note.code for note in made.artwork.notes]
    assert "face.found" in codes and "face.left_alone" in codes
    whole = plan(Artwork(both), asked())
    assert len(whole.faces) == 2 and len(judged(whole, 512)) == 2
    assert whole.steps == 2 * made.steps, "each of many faces is moved as far as a single one"
    left = plan(Artwork(both), asked(spared=((0.75, 0.5),)))
    assert [face.box for face in left.faces] == [whole.faces[0].box]
    with pytest.raises(NotUsable, match="Every face that was found"):
        plan(Artwork(both), asked(spared=((0.75, 0.5), (0.25, 0.5))))


def test_a_mask_of_the_artists_counts_too():
    mask = torch.ones(1, SIZE, SIZE)
    mask[:, :, : SIZE // 2] = 0
    made = plan(Artwork(drawn()), asked(mask=mask))
    assert not made.allowance[:, :, : SIZE // 2].any() and made.allowance.any()


@pytest.mark.parametrize(
    ("wish", "said"),
    [
        (asked(faces=(3,)), "Face 3 was asked for, and one was found"),
        (asked(surrogates=("mobilface",)), "Did you mean 'mobileface'"),
        (asked(surrogates=("faceres",)), "not on this machine"),
    ],
)
def test_what_cannot_be_asked_of_a_face_is_a_sentence(wish, said):
    with pytest.raises(NotUsable, match=said):
        plan(Artwork(drawn()), wish)


def test_what_only_measures_is_never_worked_against(monkeypatch):
    entry = replace(EMBEDDERS["mobileface"], measures_only=True)
    monkeypatch.setattr("glassine.embedders.mobileface.ENTRY", entry)
    with pytest.raises(NotUsable, match="only measures"):
        plan(Artwork(drawn()), asked())
    made = plan(Artwork(drawn()), asked(surrogates=None))
    assert made.surrogates == ("dlib",) and made.held_out == ("mobileface",)


def test_no_face_is_a_sentence(scene):
    with pytest.raises(NotUsable, match="No face was found"):
        plan(Artwork(on_grid(scene, 8)), asked())


def test_the_farthest_drawn_face_is_no_neighbour():
    rgb = drawn("face07")
    (face,) = find_faces(rgb)
    who = farthest(rgb, face, ONE, CPU)
    own = seen_by("mobileface", CPU, rgb, face)
    away = {
        name: float((seen_by("mobileface", CPU, other, stored_face()) - own).norm())
        for name, other in drawn_faces().items()
    }
    assert who == max(away, key=away.get) and min(away, key=away.get) == "face07"


@pytest.mark.parametrize("name", FACE_RECIPES)
def test_a_recipe_for_faces_is_data_of_its_own(name):
    recipe = FACE_RECIPES[name]
    assert recipe.on_faces and recipe.name == name and recipe.tint == 0
    assert sum(weight for _, weight in recipe.goals) == 1


# --- the loop ------------------------------------------------------------------------------------


def test_steps_go_through_every_face_and_network_and_never_look_twice_alike():
    both = beside(drawn("face01"), drawn("face05"))
    made = plan(Artwork(both), asked(surrogates=("dlib", "mobileface")))
    course = FaceCourse(made, canvas(made, "cpu"), CPU)
    draw = torch.Generator().manual_seed(2)
    steps = [course.at(number, draw) for number in range(8)]
    places = {(step.part.part[2].start < SIZE - 40, step.aim.shape[1]) for step in steps}
    assert places == {(True, 128), (False, 128), (True, 256), (False, 256)}
    assert len({step.part.placing.turn for step in steps}) == 8
    assert {step.part.mirrored for step in steps} == {True, False}


def moved(protected, name):
    """How far that network sees the face moved, and how far it is from its goal."""
    made = protected.plan
    (face,), entry = made.faces, EMBEDDERS[name]
    goal = made.goals[0].picture
    rows = [seen_by(name, CPU, rgb, face) for rgb in (made.artwork.rgb, protected.rgb, goal)]
    assert upright(face, entry, tuple(goal.shape[1:])).pixels == entry.size**2
    return float((rows[1] - rows[0]).norm()), float((rows[1] - rows[2]).norm()), rows


def test_a_decoy_aims_at_the_face_of_the_person_and_needs_a_picture_of_one():
    """The face is lent at another size, and turned by nobody."""
    person, other = drawn("face01", 400), drawn("face05")
    made = plan(Artwork(other), asked("foggysight", target=person))
    course = FaceCourse(made, canvas(made, "cpu"), CPU)
    (there,), (face,) = find_faces(person), made.faces
    wanted = seen_by("mobileface", CPU, person, there)
    own = seen_by("mobileface", CPU, other, face)
    left = float((course.aim(0, 0)[0] - wanted).norm())
    assert left < 0.5 * float((own - wanted).norm())
    for target in (None, torch.full((3, 90, 90), 0.5)):
        with pytest.raises(NotUsable, match="picture of that person"):
            plan(Artwork(other), asked("foggysight", target=target))


@pytest.mark.parametrize("recipe", ["fawkes", "lowkey"])
def test_a_cloak_moves_the_face_beyond_its_controls_and_nothing_else(recipe, monkeypatch):
    monkeypatch.setitem(FINE_STEPS, "preview", 16)
    done = verified(Artwork(drawn()), asked(recipe))
    protected, report = done.protected, done.report
    far, left, rows = moved(protected, "mobileface")
    if recipe == "fawkes":
        assert left < 0.95 * float((rows[0] - rows[2]).norm())
    (used,) = [row for row in report.effects if row.role == "used" and not row.after]
    assert far > 0.1 and used.moved > 4 * used.scattered
    (held,) = [row for row in report.effects if row.role == "held out" and not row.after]
    assert held.family == "dlib"
    untouched = protected.plan.allowance[0] == 0
    assert torch.equal(protected.rgb[:, untouched], protected.plan.artwork.rgb[:, untouched])
    codes = [doubt.code for doubt in report.doubts]
    assert codes[:2] == ["doubt.face_measured", "doubt.face_transfer"]
    assert "doubt.aimless" not in codes
    assert report.limits[0].code == "lookup.always" and report.threat


def test_the_same_plan_gives_the_same_pixels_of_grey_deep_and_transparent_pictures():
    grey = drawn().mean(0, keepdim=True).expand(3, -1, -1).contiguous()
    alpha = torch.ones(1, SIZE, SIZE)
    alpha[:, :, :70] = 0
    one, two = (
        settle(optimise(plan(read(written(grey, alpha, depth=16)), asked()))) for _ in range(2)
    )
    assert torch.equal(one.rgb, two.rgb) and not torch.equal(one.rgb, one.plan.artwork.rgb)
    assert torch.equal(one.rgb[:, :, :70], one.plan.artwork.rgb[:, :, :70])
    assert torch.allclose(one.rgb[0], one.rgb[2], atol=1e-6) and one.plan.artwork.keep.depth == 16


def shaded(rgb):
    """With dark glasses, over both eyes of a stored picture."""
    out, down = rgb.clone(), round(SIZE * POINTS[0][1])
    out[:, down - 14 : down + 14, 60:170] = 0.06
    return out


HARD = {
    "30 pixels": lambda: F.pad(drawn(side=62), (20, 70, 10, 60), value=0.5),
    "sunglasses": lambda: shaded(drawn("face03")),
    "a half": lambda: drawn("face04")[:, :, SIZE // 2 :],
    "squeezed": lambda: F.interpolate(drawn("face02")[None], (SIZE, 90), mode="area")[0],
}


@pytest.mark.parametrize("name", HARD)
def test_what_is_hard_to_find_is_moved_or_told_of(name):
    rgb = on_grid(HARD[name](), 8)
    try:
        made = plan(Artwork(rgb), asked())
    except NotUsable as error:
        assert error.message.code == "face.none"
        return
    done = settle(optimise(replace(made, steps=2)))
    assert not torch.equal(done.rgb, made.artwork.rgb)
    kept = made.allowance[0] == 0
    assert torch.equal(done.rgb[:, kept], made.artwork.rgb[:, kept])


# --- the service ---------------------------------------------------------------------------------


def test_the_service_offers_faces_says_where_they_are_and_leaves_some_alone():
    """Pixels of two faces, from (100, 50) of a document that is twice as fine."""
    recipes = {row["name"]: row for row in catalogue()["recipes"]}
    assert recipes["lowkey"]["needs"] == recipes["fawkes"]["needs"] == ["faces"]
    assert "foggysight" not in recipes, "it needs another person's picture"
    both, state = beside(drawn("face01"), drawn("face05")), State()
    known = {"width": 2 * SIZE, "height": SIZE}
    numbers = torch.cat([both.flip(0), torch.ones(1, SIZE, 2 * SIZE)]).permute(1, 2, 0)
    blob = (numbers * 255).round().byte().numpy().tobytes()
    pixels = {**known, "order": "BGRA", "type": "u8", "left": 100, "top": 50, "scale": 2}
    wish = {"recipe": "lowkey", "surrogates": list(ONE), "seed": 1, "effort": "preview"}
    ask = {"pixels": pixels, "intent": wish, "seconds": 1, "sees": True}
    seen = METHODS["preview"](ask, {"pixels": blob}, quiet, state).result
    assert seen.seen_by, "an encoder's view, which no network of faces has"
    assert (seen.width, seen.finer) == (2 * SIZE, False)
    assert [box[0] > SIZE for box in seen.faces] == [False, True]
    left, top, right, low = seen.faces[1]
    spared = [[100 + left + right, 50 + top + low]]
    ask = {"pixels": pixels, "intent": {**wish, "spared": spared}}
    made = METHODS["protect"](ask, {"pixels": blob}, quiet, state)
    before, after = (
        torch.frombuffer(bytearray(data), dtype=torch.uint8).view(SIZE, 2 * SIZE, 4)
        for data in (blob, made.blobs["pixels"])
    )
    moved = (before != after).any(2)
    assert moved[:, :SIZE].any() and not moved[:, SIZE:].any()
    with pytest.raises(NotUsable, match="spared"):
        wrong = {**ask, "intent": {**wish, "spared": [[1]]}}
        METHODS["protect"](wrong, {"pixels": blob}, quiet, state)
    told = {"recipe": "lowkey", **known}
    seconds = METHODS["estimate"](told, {}, quiet, state).result
    assert seconds.surrogates == ("dlib", "mobileface")
    assert 0 < seconds.seconds["preview"] < seconds.seconds["quick"] < seconds.seconds["full"]


# --- what such cloaks were measured at -----------------------------------------------------------


def test_the_manual_and_the_first_doubt_tell_the_same_figures():
    manual = (Path(__file__).parents[1] / "docs" / "faces.md").read_text("utf-8")
    assert everything_found(), "measured by lab/bench/faces.py"
    for row in everything_found():
        shares = (f"{share:.0%}" for share in (row.clean, row.used, row.left, row.unknown))
        told = " | ".join((f"`{row.recipe}`", f"{row.score:.0f}", *shares))
        told += f", up to {row.high:.0%} | {row.taught:.0%} |"
        assert told.replace("%", " %") in manual
        assert found_of(row.recipe, Score(row.score + 1)) == row
    assert found_of("foggysight", Score(55)) is None


# --- a copy measured again -----------------------------------------------------------------------


def test_a_report_looks_at_the_face_that_was_measured_then():
    """The smaller of two, in a copy of half the size; and at a decoy without its person."""
    both = beside(drawn("face01"), F.pad(drawn("face05", 150), (0, 0, 0, SIZE - 150)))
    small = Artwork(F.interpolate(both[None], scale_factor=0.5, mode="area")[0])
    told = {"measured": (SIZE, 0, 150, 150), "size": (SIZE + 150, SIZE), "surrogates": ONE}
    made = planned(small, RunRecord(recipe="lowkey", **told), None, "cpu")
    assert [face.box[0] > SIZE / 2 - 10 for face in made.faces] == [True] and made.goals
    decoy = planned(small, RunRecord(recipe="foggysight", **told), None, "cpu")
    assert decoy.faces == made.faces and not decoy.goals
    known = planned(small, RunRecord(recipe="foggysight", **told), drawn("face02"), "cpu")
    assert [goal.name for goal in known.goals] == ["person"]


# --- the command line ----------------------------------------------------------------------------


def turned_jpeg(rgb):
    """As a phone stores an upright picture: on its side, with a note that says so."""
    data = (rgb.permute(1, 2, 0) * 255).round().byte().numpy()
    stored, exif, out = Image.fromarray(data).rotate(90, expand=True), Image.Exif(), io.BytesIO()
    exif[0x0112] = 6
    stored.save(out, "JPEG", quality=95, exif=exif)
    return out.getvalue()


def test_the_command_writes_a_copy_and_its_page_and_leaves_the_original(tmp_path, capsys):
    source, empty = tmp_path / "phone.jpg", tmp_path / "sky.png"
    source.write_bytes(turned_jpeg(drawn()))
    before = source.read_bytes()
    empty.write_bytes(written(torch.full((3, 90, 90), 0.5)))
    told = ["--effort", "preview", "--networks", "mobileface", "--marks", "none", "--seed", "1"]
    code = cli.main(["face", str(source), str(empty), *told], standalone_mode=False)
    said = capsys.readouterr()
    assert code == 1 and "No face was found" in said.err and "away from the face itself" in said.out
    assert source.read_bytes() == before and (tmp_path / "phone.glassine.html").exists()
    assert read(tmp_path / "phone.glassine.png").rgb.shape == (3, SIZE, SIZE)
    assert not (tmp_path / "sky.glassine.png").exists()


def test_the_command_takes_numbers_and_says_what_is_none(tmp_path):
    source = tmp_path / "a.png"
    source.write_bytes(written(drawn()))
    with pytest.raises(Exception, match="named by their numbers"):
        cli.main(["face", str(source), "--faces", "left"], standalone_mode=False)


def test_the_face_command_says_how_it_is_called(capsys):
    cli.main(["face", "--help"], standalone_mode=False)
    said = capsys.readouterr().out
    assert "PICTURE..." in said and "check" in said and "lowers the odds" in said
