"""The report: measurements that must come out one way, and the JSON that others read."""

import json
import math
import re
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest
import torch
from click.testing import CliRunner
from glassine.cli.commands import report as command
from glassine.cli.commands.bench import command as bench
from glassine.errors import NotUsable, NotWritable
from glassine.evidence.controls import Controls, blended, controls, scattered
from glassine.evidence.doubts import about_trials
from glassine.evidence.drift import Before, Viewer, aimed, closed, effects
from glassine.evidence.offers import effect_left
from glassine.evidence.page.render import html
from glassine.evidence.page.tables import cost_tables, rows_of
from glassine.evidence.schema import SCHEMA, as_json
from glassine.evidence.sight import Sight, part, sighted
from glassine.evidence.summary import summarised
from glassine.evidence.trained import as_models_learn, measured_sizes, stretched, trained
from glassine.evidence.trials import beyond_control, scene, trial
from glassine.flow import pages
from glassine.flow.read import read
from glassine.flow.verify import verify
from glassine.machine.device import choose
from glassine.messages import message
from glassine.purifiers import PURIFIERS, Scene
from glassine.purifiers.grain import noisy
from glassine.record import VERSION, RunRecord, with_file
from glassine.types import (
    Art,
    Artwork,
    Cost,
    Denoised,
    Effect,
    Encoded,
    Export,
    Glance,
    Goal,
    Grid,
    HeldOut,
    Offer,
    Plan,
    Protected,
    Recipe,
    Report,
    Trial,
)
from glassine.units import Levels, Score
from glassine.visibility import ssimulacra2
from PIL import Image

pytestmark = pytest.mark.usefixtures("one_viewer")

GOLDEN = Path(__file__).parent / "golden" / "report.json"
SIZE = 96


def waves(shift=0.0, size=SIZE):
    """A smooth colourful picture, (3, size, size)."""
    y, x = torch.meshgrid(torch.arange(size) / size, torch.arange(size) / size, indexing="ij")
    planes = [((a * x + b * y + shift) * 9).sin() / 3 + 0.5 for a, b in ((1, 2), (3, 1), (2, -1))]
    return torch.stack(planes)


def board(size=SIZE):
    """One-pixel chequers, +1 and -1; what `chequers` below looks for."""
    y, x = torch.meshgrid(torch.arange(size), torch.arange(size), indexing="ij")
    return (1 - 2.0 * ((x + y) % 2))[None].expand(3, -1, -1)


def planned(clean, **changes):
    made = Plan(
        artwork=Artwork(clean),
        recipe=Recipe(name="cloak", says="", goals=(), reach=Levels(8)),
        export=Export(format="png"),
        surrogates=("embedded",),
        held_out=(),
        goals=(Goal("picture", message("goal.picture"), waves(1.3)),),
        allowance=torch.ones(1, *clean.shape[1:]),
        score=Score(70),
        steps=10,
        seed=5,
        device="cpu",
    )
    return replace(made, **changes)


def codes(report):
    return {doubt.code.removeprefix("doubt.") for doubt in report.doubts}


@pytest.fixture
def hurt():
    clean = waves()
    return Protected(planned(clean), noisy(clean, 0.02, torch.Generator().manual_seed(2)))


def chequers(rgb):
    """A fake family that sees nothing but one-pixel chequers."""
    return torch.nn.functional.avg_pool2d(rgb * board(rgb.shape[-1]), 8)


def eyes(role="used"):
    return (Viewer("fake", role, chequers),)


def staged(strength):
    """Controls around a chequered change of that size, aiming at full chequers."""
    clean = waves()
    seen = (clean + strength * board()).clamp(0, 1)
    goal = (clean + 0.2 * board()).clamp(0, 1)
    calm = waves(0.01)
    return Controls(clean, seen, scattered(clean, seen, 1), clean, calm, ((goal, 1.0),))


def tried(name, strength=0.06):
    around, viewers = staged(strength), eyes()
    aims = aimed(viewers, around.goals)
    before = tuple(effects(viewers, around, aims=aims))
    verdict, rows = trial(name, Scene(), Before(viewers, around, aims, before), 3)
    return verdict, rows, before


def test_four_numbers_say_which_side_each_is():
    assert "left, top, width, height</dt><dd>64, 6, 256, 256</dd>" in rows_of(
        {"measured": (64, 6, 256, 256)}
    )
    assert rows_of({"steps_in": "float32", "notes": ()}) == "<dt>steps in</dt><dd>float32</dd>"


def test_a_clean_picture_reports_no_effect():
    clean = waves()
    report = verify(Protected(planned(clean), clean))
    assert all(row.moved == 0 and row.closed == 0 for row in report.effects)
    assert codes(report) >= {"none"}
    assert report.cost.ssimulacra2 == 100 and report.cost.changed_share == 0


def test_a_scattered_change_reports_its_own_control(hurt):
    """Noise has no places: scattering it again moves every family about as far."""
    report = verify(hurt)
    assert all(0.5 < row.moved / row.scattered < 2 for row in report.effects)
    assert {"noise", "little", "embedded", "transfer"} <= codes(report)
    built_in = " ".join(str(doubt) for doubt in report.doubts if "embedded" in doubt.code)
    assert "as far as a plain blend" in built_in, "its model card's limits are to be said"
    assert "likenesses of the real ones" in built_in


def test_an_aimed_change_is_told_from_its_controls():
    _, _, before = tried("jpeg95")
    (row,) = before
    assert row.closed == pytest.approx(0.3, abs=0.02)
    assert row.moved > 3 * row.scattered and row.closed > 10 * abs(row.blend)


def test_removal_of_a_known_change_is_recognised():
    verdict, (row,), _ = tried("half")
    assert verdict.verdict == "removed" and verdict.left < 0.1
    assert row.after == "half" and row.closed < 0.1


def test_survival_of_a_known_change_is_recognised():
    verdict, _, _ = tried("noise05", strength=0.1)
    assert verdict.verdict == "survives" and verdict.left > 0.75


def test_where_nothing_was_done_nothing_can_be_removed():
    verdict, _, _ = tried("half", strength=0.0)
    assert verdict.verdict == "nothing to remove" and math.isnan(verdict.left)


def test_what_is_missing_is_reported_and_not_counted():
    verdict, rows, _ = tried("round_trip")
    assert verdict.verdict == "not run" and rows == ()
    assert verdict.skipped.code == "round_trip.no_encoder"


def test_a_round_trip_needs_no_download():
    around = scene(SIZE, choose("cpu"))
    assert around.autoencoder.family == "flux2"
    assert PURIFIERS["round_trip"].missing(around) is None


def test_a_crop_moves_its_goal_too():
    """Cropping an untouched picture must not look like an effect."""
    _, (row,), _ = tried("crop10", strength=0.0)
    assert abs(row.closed) < 0.02


@pytest.mark.parametrize(("fine", "verdict"), [(True, "removed"), (False, "survives")])
def test_what_is_left_at_the_size_of_training(fine, verdict):
    """Detail of one pixel is gone at half the size; broad strokes are not."""
    clean, broad = waves(size=1024), 0.3 * (waves(0.4, 1024) - 0.5)
    stroke = 0.06 * board(1024) if fine else broad
    goal = clean + (0.2 * board(1024) if fine else 3 * broad)
    made = planned(clean, goals=(Goal("picture", message("goal.picture"), goal),))
    whole = slice(384, 640)
    sight = Sight(clean, clean + stroke, whole, whole, (0, 0))
    viewers = eyes() if fine else (Viewer("fake", "used", lambda rgb: rgb[:, :, ::8, ::8]),)
    against = controls(made, sight, 0.0)
    aims = aimed(viewers, against.goals)
    before = Before(viewers, against, aims, tuple(effects(viewers, against, aims=aims)))
    trial, rows = trained(512, made, sight, before)
    assert trial.verdict == verdict and {row.after for row in rows} == {"trained512"}
    report = codes(Report(None, rows, tuple(about_trials([trial])), trials=(trial,)))
    assert report == ({"size"} if fine else set()), "said once, with what to do"


def cells(size):
    """Chequers of two pixels: `chequers` sees them at half the size only."""
    return board(size // 2).repeat_interleave(2, 1).repeat_interleave(2, 2)


@pytest.fixture
def large():
    """A plan for a picture that training reduces to half, what is looked at, and what is known of
    it as posted: nothing, because its change is made for half its size."""
    clean = waves(size=1024)
    wanted = clean + 0.2 * (cells(1024) + board(1024))
    goal = Goal("picture", message("goal.picture"), wanted)
    made, corner = planned(clean, goals=(goal,)), slice(8, 264)
    sight = Sight(clean, clean + 0.06 * cells(1024), corner, corner, (0, 0))
    against = controls(made, sight, 0.0)
    aims = aimed(eyes(), against.goals)
    posted = Before(eyes(), against, aims, tuple(effects(eyes(), against, aims=aims)))
    assert abs(beyond_control(posted.rows)) < 0.001
    return made, sight, posted


def test_reduction_may_bring_an_effect_to_light(large):
    made, sight, posted = large
    found, rows = trained(512, made, sight, posted)
    assert found.verdict == "survives" and found.left == 1 and found.side == 512
    assert beyond_control(rows) > 0.2


def test_a_picture_that_training_reduces_is_tried_as_models_learn_it(large):
    """As posted there is nothing to remove; at half its size, blur takes nearly all."""
    made, sight, posted = large
    assert trial("jpeg95", Scene(), posted, 3)[0].verdict == "nothing to remove"
    learnt = as_models_learn(made, sight, posted, [trained(512, made, sight, posted)])
    assert learnt.side == 512 and learnt.controls.seen.shape == (3, 512, 512)
    left = {}
    for name in ("jpeg95", "blur"):
        found, (row,) = trial(name, Scene(), learnt, 3)
        left[name], again = found.left, effect_left(learnt, learnt.controls.seen)
        assert found.side == 512 and row.after == name and again == pytest.approx(1)
    assert left["jpeg95"] > 0.9 and left["blur"] < 0.15, left
    assert effect_left(learnt, learnt.controls.clean) == 0


def test_of_several_training_sizes_the_one_with_most_effect_counts(large):
    made, sight, posted = large
    row = posted.rows[0]
    reduced = [
        (replace(golden().trials[0], side=side), (replace(row, closed=closed, blend=0.02),))
        for side, closed in ((1024, 0.05), (512, 0.1))
    ]
    assert as_models_learn(made, sight, posted, reduced).side == 512
    assert as_models_learn(made, sight, posted, reduced[:1]).side == 1024
    assert as_models_learn(made, sight, posted, []) is posted


@pytest.mark.parametrize(
    ("part", "wider"),
    [
        ((384, 640), (256, 768)),
        ((0, 256), (0, 512)),
        ((896, 1024), (768, 1024)),
        ((0, 900), (0, 1024)),
    ],
)
def test_a_wider_part_stays_within_the_picture(part, wider):
    assert stretched(slice(*part), 2, 1024) == slice(*wider)


def test_controls_change_no_more_than_the_copy_may():
    """A blend that also reaches unselected pixels, or adds colour, is no control for this copy."""
    clean, masked = waves(size=64).mean(0, keepdim=True).expand(3, -1, -1), torch.ones(1, 64, 64)
    masked[:, :, 20:] = 0
    made = planned(clean, goals=(Goal("picture", message("goal.picture"), waves(1.3, 64)),))
    made = replace(made, allowance=masked, art=Art("pixel", grey=True, grid=Grid(4, 1, 0)))
    seen = clean + 0.1 * board(64) * masked
    whole = slice(0, 64)
    against = controls(made, Sight(clean, seen, whole, whole, (0, 0)))
    for control in (against.blend, against.scattered):
        assert torch.equal(control[:, :, 20:], clean[:, :, 20:]) and not torch.equal(control, clean)
    added = (against.blend - clean)[:, :, :20]
    assert torch.allclose(added, added[:1].expand(3, -1, -1), atol=1e-6), "grey"
    assert (added[0, 1:5, 0:4] - added[0, 1, 0]).abs().max() < 1e-6, "one cell"


def test_small_pictures_are_learned_as_they_are():
    sides = [(500, 700), (650, 700), (1400, 1300)]
    pictures = [planned(torch.rand(3, *side)) for side in sides]
    assert [measured_sizes(made) for made in pictures] == [(), (512,), (1024, 512)]
    assert measured_sizes(replace(pictures[2], goals=())) == (), "without a goal nothing is covered"


def test_gap_closed_on_known_distances():
    start, goal = torch.zeros(1, 1, 2, 2), torch.ones(1, 1, 2, 2)
    assert closed(start, goal, goal) == 1 and closed(start, start, goal) == 0
    assert closed(start, -goal, goal) == -1
    assert math.isnan(closed(start, goal, None)) and math.isnan(closed(goal, start, goal))


def test_the_blend_looks_like_the_protected_picture(hurt):
    clean, seen = hurt.plan.artwork.rgb, hurt.rgb
    blend = blended(clean, seen, waves(1.3))
    wanted = ssimulacra2(clean, seen)
    assert wanted - 0.01 <= ssimulacra2(clean, blend) <= wanted + 3
    assert not torch.equal(blend, clean)


@pytest.mark.parametrize("share", [0.003, 0.0625, 0.1237, 0.126, 0.251, 0.498, 0.502, 0.9])
def test_the_blend_has_the_largest_share_that_looks_no_worse(share, monkeypatch):
    """Also where a look of the search is a little worse, and so comes near from the other side."""
    from glassine.evidence import controls

    def linear(one, other):
        return 100 - 100 * float((other - one).mean())

    monkeypatch.setattr(controls, "ssimulacra2", linear)
    clean, goal = torch.zeros(3, 8, 8), torch.ones(3, 8, 8)
    blend = blended(clean, clean + share, goal)
    assert share - 1 / 256 - 1e-5 <= float(blend.mean()) <= share + 1e-5


def test_scattering_keeps_every_change_and_loses_its_place():
    clean, seen = torch.full((3, 16, 16), 0.5), torch.full((3, 16, 16), 0.5)
    seen[:, :4] += 0.1
    moved = scattered(clean, seen, 3) - clean
    assert torch.allclose(moved.flatten().sort().values, (seen - clean).flatten().sort().values)
    assert moved[:, 4:].abs().max() > 0.05


def test_lossy_formats_are_measured_on_what_they_give_back(hurt):
    rough = replace(hurt, plan=replace(hurt.plan, export=Export(format="jpeg", quality=40)))
    sight = sighted(rough)
    assert not torch.equal(sight.seen, rough.rgb)
    assert torch.equal(sighted(hurt).seen, hurt.rgb)
    assert sight.sizes[1] < sighted(hurt).sizes[1]


def test_the_measured_part_goes_to_where_the_change_is():
    clean = torch.zeros(3, 300, 400)
    seen = clean.clone()
    seen[:, 5:9, 390:395] = 0.2
    rows, columns = part(clean, seen, 64)
    assert rows.start <= 5 and rows.stop >= 9 and columns.start <= 390 and columns.stop >= 395
    assert (rows.stop - rows.start, columns.stop - columns.start) == (64, 64)
    assert part(clean, clean + 0.1, 64) == (slice(118, 182), slice(168, 232))


def test_a_plain_middle_is_not_what_is_measured():
    clean = torch.full((3, 300, 400), 0.5)
    change = torch.linspace(0.01, 0.03, 400).expand(3, 300, 400).clone()
    change[:, 60:240, 100:300] = 0.001  # a plain area that hardly changes
    rows, columns = part(clean, clean + change, 64)
    amount = change[:, rows, columns].mean()
    assert amount > 0.005, "the plain middle was measured"
    assert amount < 0.025, "the place with the most change was chosen"


@pytest.mark.parametrize("size", [(5, 7), (8, 64), (70, 33)])
def test_tiny_and_odd_pictures_get_a_report(size):
    clean = torch.rand(3, *size)
    plan = planned(clean, goals=(Goal("g", message("goal.picture"), torch.rand(3, *size)),))
    report = verify(Protected(plan, (clean + 0.05).clamp(0, 1)), purifiers=("blur",))
    assert report.effects and json.dumps(as_json(report), allow_nan=False)


def test_transparent_parts_are_not_counted(hurt):
    alpha = torch.ones(1, SIZE, SIZE)
    alpha[:, :, : SIZE // 2] = 0
    plan = replace(hurt.plan, artwork=Artwork(hurt.plan.artwork.rgb, alpha))
    report = verify(replace(hurt, plan=replace(plan, allowance=alpha)))
    assert report.cost.changed_share <= 0.5 and "untouched" in codes(report)


def test_without_a_target_the_report_says_so_and_holds_no_nan(hurt):
    report = verify(replace(hurt, plan=replace(hurt.plan, goals=())), purifiers=("jpeg75",))
    assert "aimless" in codes(report)
    told = as_json(report)
    assert told["effects"][0]["closed"] is None
    assert json.loads(json.dumps(told, allow_nan=False)) == told


def test_poison_names_the_words_it_needs(hurt):
    recipe = Recipe(name="poison", says="", goals=(), reach=Levels(8))
    plan = replace(hurt.plan, recipe=recipe, caption="a picture of a dog")
    report = verify(replace(hurt, plan=plan))
    assert any("a picture of a dog" in str(doubt) for doubt in report.doubts)
    assert "One picture alone changes nothing" in str(report.threat)


def test_poison_is_checked_against_what_a_captioner_says(hurt, monkeypatch):
    from glassine.targets import captioner

    made = replace(hurt, plan=replace(hurt.plan, caption="a picture of a dog"))
    assert "uncaptioned" in codes(verify(made))
    names = iter(("dog", "cat"))
    monkeypatch.setattr(captioner, "captioner_present", lambda: True)
    monkeypatch.setattr(
        captioner, "suggest", lambda artwork, most: [captioner.Suggestion(next(names), None)]
    )
    report = verify(made)
    assert "renamed" in codes(report) and report.record.called_after == "cat"


def test_same_protected_same_report(hurt):
    assert as_json(verify(hurt, purifiers=("noise05",))) == as_json(
        verify(hurt, purifiers=("noise05",))
    )


def test_progress_is_told_and_ends(hurt):
    steps = []
    verify(hurt, purifiers=("blur",), watch=steps.append)
    assert [step.done for step in steps] == list(range(1, len(steps) + 1))
    assert steps[-1].done == steps[-1].total and {step.stage for step in steps} == {"verify"}


def test_nothing_promises_safety(hurt):
    said = json.dumps(as_json(verify(hurt))).lower()
    assert not [word for word in ("protected against", "is safe", "guarantee") if word in said]
    assert "raises the cost" in said


JPEG75 = PURIFIERS.words("jpeg75")


def golden():
    """A report with every field filled, made by hand."""
    row = Effect("sd15", "used", "", 0.5, 0.25, 0.2, 0.02, 0.18)
    return Report(
        cost=Cost(
            *(Score(70.0), 40.5, 0.97, 0.0125, Levels(9), 0.98, 1000, 1200, 1.5),
            haarpsi=0.8125,
            held_out=HeldOut(fsim=0.9375, vsi=0.96875),
            lpips_alexnet=0.0625,
        ),
        effects=(row, replace(row, role="held out", after="jpeg75", scattered=math.nan)),
        doubts=(message("doubt.untouched", share=0.25),),
        record=RunRecord(
            version=VERSION, engine="0", seed=5, goals=(message("goal.style", style="ember"),)
        ),
        trials=(Trial("jpeg75", JPEG75, "handling", "x", "weakened", 0.5, Score(60)),),
        threat=message("threat.aimed", works=message("threat.other"), aimed=("sd15", "flux1")),
        limits=(message("limit.left_out"),),
        glance=Glance(
            people=message("glance.people_same"),
            models=message("glance.models_same"),
            away=message("glance.away_nothing"),
            next=message("glance.next_post"),
        ),
        offers=(Offer("webp", 95, 400, 0.75, Score(72)),),
        denoised=(Denoised(level=0.5, original=0.25, protected=0.5, scattered=0.375, jpeg=0.25),),
    )


def test_json_is_what_readers_rely_on():
    """Whoever changes this shape raises SCHEMA and rewrites the golden file by hand."""
    assert as_json(golden()) == json.loads(GOLDEN.read_text())
    assert json.loads(GOLDEN.read_text())["schema"] == SCHEMA
    assert list(as_json(golden()))[:3] == ["schema", "kind", "doubts"]


def test_a_real_report_has_the_golden_shape(hurt):
    real, kept = as_json(verify(hurt, purifiers=("blur",))), json.loads(GOLDEN.read_text())
    assert real.keys() == kept.keys() and real["cost"].keys() == kept["cost"].keys()
    for kind in ("effects", "trials", "doubts", "offers"):
        assert real[kind][0].keys() == kept[kind][0].keys()


def test_the_command_says_how_far_a_picture_without_a_goal_moved():
    first = golden()
    row = replace(first.effects[0], closed=math.nan, blend=math.nan)
    report = replace(first, effects=(row,))
    told = command.report_lines(Path("a.png"), report, Path("a.html"), away=True)
    assert any("moved by 0.50" in line for line in told)


def test_summary_names_the_worst_case(hurt):
    first = golden()
    better = replace(first, trials=(replace(first.trials[0], left=0.75),))
    lines = summarised([("one", better), ("two", first)])
    assert [line.name for line in lines] == ["", "jpeg75"]
    assert lines[1].where == "two" and lines[1].worst < lines[1].left
    assert str(lines[1].says) == "JPEG, quality 75"


def test_summary_of_pictures_without_a_goal():
    """Nothing is covered then, and of nothing there is no spread."""
    first = golden()
    aimless = tuple(replace(row, closed=math.nan, blend=math.nan) for row in first.effects)
    one = replace(first, effects=aimless)
    assert math.isnan(summarised([("one", one), ("two", one)])[0].covered)


def test_summary_knows_no_share_of_an_effect_that_is_none():
    """As a trial says of it that there is nothing to remove."""
    first = golden()
    none = replace(first.effects[0], closed=0.021, blend=0.02)
    nothing = replace(first.trials[0], verdict="nothing to remove", left=math.nan)
    effects = (none, replace(none, after="jpeg75"))
    report = replace(first, effects=effects, trials=(nothing,))
    assert all(math.isnan(line.left) for line in summarised([("one", report)]))


def test_torch_and_torchvision_that_do_not_fit_cost_a_row_only(hurt, misfit):
    report = verify(hurt)
    assert report.cost.lpips is None and report.cost.held_out == HeldOut()
    assert report.cost.ssimulacra2 < 100
    (said,) = [doubt for doubt in report.doubts if doubt.code == "judge.unfit"]
    assert "torchvision::nms does not exist" in said.fields["details"]
    assert torch.__version__ in str(said)
    page, whole = cost_tables(report.cost), cost_tables(golden().cost)
    for name in ("LPIPS (SqueezeNet 1.1)", "LPIPS (AlexNet)", "HaarPSI", "FSIM", "Held out"):
        assert name not in page and name in whole


LEVELS_AND_BYTES = ["Largest change", "Smooth colour shift", "Pixels changed", "File size"]


def test_the_page_tells_judges_that_were_looked_at_from_held_out_ones(hurt):
    cost = verify(hurt).cost
    _, fitted, held_out, counted = cost_tables(cost).split("<caption>")
    for table, heading, names in (
        (fitted, "may look at", ["SSIMULACRA2", "LPIPS (SqueezeNet 1.1)", "HaarPSI"]),
        (held_out, "never looked at", ["FSIM, with colour", "VSI", "MDSI"]),
        (counted, "people and files", ["SSIM", "PSNR", *LEVELS_AND_BYTES]),
    ):
        assert heading in table.split("</caption>")[0]
        assert re.findall(r'<th scope="row">(.*?)</th>', table) == names
    assert 0 < cost.held_out.fsim < 1 and f"{cost.held_out.fsim:.4f}" in held_out
    assert cost.held_out.mdsi > 0 and f"{cost.held_out.mdsi:.4f}" in held_out
    assert 0 < cost.haarpsi < 1 and f"{cost.haarpsi:.4f}" in fitted


def reported(*arguments):
    return CliRunner().invoke(command.command, list(map(str, arguments)), standalone_mode=False)


@pytest.fixture
def pair(tmp_path):
    """An original and a copy of it that was changed, as two files."""
    from glassine.formats import FORMATS
    from glassine.types import Keep

    write, clean = FORMATS["png"].write, waves()
    seen = noisy(clean, 0.02, torch.Generator().manual_seed(2))
    original, copy = tmp_path / "sun.png", tmp_path / "sun.glassine.png"
    original.write_bytes(write(clean, None, Keep(), 100))
    copy.write_bytes(write(seen, None, Keep(), 100))
    return original, copy, Protected(planned(clean, surrogates=("embedded",)), seen)


TEXTURE = message("goal.style", style="texture")


def page_of(made, copy, **facts):
    """The page that `protect` would have written beside the copy."""
    whole = verify(made)
    facts = {"goals": (TEXTURE,), "seed": 9} | facts
    told = replace(whole, record=replace(whole.record, **facts))
    done = Encoded(copy.read_bytes(), "png", ())
    return html(made, with_file(told, made, done), sighted(made))


def test_a_page_is_believed_only_about_its_own_file(pair):
    _, copy, made = pair
    page = copy.with_suffix(".html")
    page.write_text(page_of(made, copy))
    assert pages.settings_of(copy).seed == 9
    again = Image.open(copy).copy()
    again.save(copy, optimize=True)
    assert pages.settings_of(copy).seed == 9, "the same pixels, saved again"
    page.write_text(page_of(made, copy, format="jpeg", sha256_file="0"))
    told = json.loads(page.read_text().split('id="report">')[1].split("</script>")[0])["facts"]
    assert told["sha256_file"] == sha256(copy.read_bytes()).hexdigest()
    again.point(lambda value: max(0, value - 5)).save(copy)
    assert pages.settings_of(copy) is None, "another copy under the old name"
    out = reported(copy, "--quick")
    assert "'sun.glassine.html' is about another file" in out.output, out.output
    copy.with_name("sun.glassine.png.html").write_text(page_of(made, copy, seed=4))
    assert pages.settings_of(copy).seed == 4, "the longer name is looked at too"


def test_a_name_in_capitals_is_the_name_of_a_picture(pair):
    original, copy, made = pair
    loud, page = copy.rename(copy.with_suffix(".PNG")), copy.with_suffix(".html")
    page.write_text(page_of(made, loud))
    assert pages.page_owner(page).samefile(loud)
    assert pages.page_paths(copy.with_suffix(".jpg"))[0] != page, "it is another's"
    scan = original.rename(original.with_suffix(".PNG"))
    assert command.original_beside(copy).samefile(scan)


def test_pages_of_two_exports_of_one_name_stay_apart(pair, monkeypatch):
    _, copy, made = pair
    contents, read = pages.file_contents, []
    usual, other = copy.with_suffix(".html"), copy.with_suffix(".jpg")
    assert pages.page_paths(other) == pages.page_paths(copy) == (usual, None)
    usual.write_text(page_of(made, copy))
    assert pages.page_paths(copy) == (usual, None)
    longer = copy.with_name("sun.glassine.jpg.html")
    assert pages.page_paths(other) == (longer, None)
    Image.open(copy).save(other)
    usual.write_text(page_of(made, other, format="jpeg"))
    assert pages.page_paths(copy) == (usual, longer), "a PNG has the usual name"
    with monkeypatch.context() as patch:
        patch.setattr(pages, "file_contents", lambda path: read.append(path) or contents(path))
        assert pages.page_paths(other) == (usual, None) and read.count(other) == 1
    longer.write_text("<p>mine</p>")
    with pytest.raises(NotWritable, match="is not a page of evidence"):
        pages.page_paths(copy)


@pytest.mark.parametrize("option", ("-o", "--json"))
@pytest.mark.parametrize("name", ("sun.png", "sun.glassine.png", "goal.png", "notes.html"))
def test_a_report_writes_over_nothing_that_is_not_a_report(pair, tmp_path, option, name):
    original, copy, _ = pair
    (tmp_path / "goal.png").write_bytes(original.read_bytes())
    (tmp_path / "notes.html").write_text("<p>mine</p>")
    before = (tmp_path / name).read_bytes()
    given = ("--original", original, "--target", tmp_path / "goal.png", "--quick")
    out = reported(copy, *given, option, tmp_path / name)
    assert isinstance(out.exception, NotWritable)
    assert (tmp_path / name).read_bytes() == before
    assert not copy.with_suffix(".report.html").exists()


def test_a_report_replaces_its_own_page_and_json(pair, tmp_path):
    _, copy, _ = pair
    for _ in range(2):
        out = reported(copy, "--quick", "-o", tmp_path / "a.html", "--json", tmp_path / "a.json")
        assert out.exception is None, out.exception
    assert isinstance(reported(copy, "-o", tmp_path / "a.png").exception, NotWritable)
    both = reported(copy, "-o", tmp_path / "b.html", "--json", tmp_path / "b.html")
    assert "Name two" in str(both.exception)


def test_reports_of_two_formats_of_one_picture_lie_side_by_side(pair):
    _, copy, _ = pair
    other = copy.with_suffix(".jpg")
    Image.open(copy).save(other)
    for picture in (copy, other):
        assert reported(picture, "--quick").exception is None
    names = {path.name for path in copy.parent.glob("*.report.html")}
    assert names == {"sun.glassine.report.html", "sun.glassine.jpg.report.html"}


def test_the_command_finds_original_and_target_by_itself(tmp_path):
    from glassine.formats import FORMATS
    from glassine.types import Keep

    write, clean = FORMATS["png"].write, waves()
    seen = noisy(clean, 0.02, torch.Generator().manual_seed(2))
    (tmp_path / "sun.png").write_bytes(write(clean, None, Keep(), 100))
    (tmp_path / "sun.glassine.png").write_bytes(write(seen, None, Keep(), 100))
    made = Protected(planned(clean, surrogates=("embedded",)), seen)
    done = Encoded((tmp_path / "sun.glassine.png").read_bytes(), "png", ())
    bare = replace(verify(made), record=RunRecord(goals=(TEXTURE,), seed=9))
    page = html(made, with_file(bare, made, done), sighted(made))
    (tmp_path / "sun.glassine.html").write_text(page)
    out = reported(tmp_path / "sun.glassine.png", "--after", "jpeg75", "--json", "-")
    assert out.exception is None, out.exception
    told = json.loads(out.stdout)
    assert told["trials"][0]["name"] == "jpeg75" and told["facts"]["seed"] == 9
    assert told["effects"][0]["closed"] is not None
    assert (tmp_path / "sun.glassine.report.html").exists()


def test_without_a_target_the_command_prints_no_nan(pair):
    said = reported(pair[1], "--after", "jpeg75").stdout
    assert "Effect: not measured" in said and "nan" not in said


def test_names_of_removers_keep_their_capitals(pair):
    _, copy, made = pair
    copy.with_suffix(".html").write_text(page_of(made, copy))
    said = reported(copy, "--after", "jpeg75").stdout
    assert re.search(r"Least is left after: JPEG, quality 75 -?\d+%", said), said
    assert "took the effect away: JPEG, quality 75." in said and "jPEG" not in said


def test_of_two_originals_the_one_that_was_protected_is_compared_with(pair):
    original, copy, made = pair
    photo = original.with_suffix(".jpg")
    Image.open(original).save(photo)
    assert command.original_beside(copy) == original
    rgb = read(photo).rgb
    made = replace(made, plan=replace(made.plan, artwork=Artwork(rgb)))
    copy.with_suffix(".html").write_text(page_of(made, copy))
    assert command.original_beside(copy) == photo
    copy.with_suffix(".html").write_text(page_of(made, copy, sha256_clean_pixels="reduced"))
    assert command.original_beside(copy) == original
    twin = photo.with_name(f"{photo.name}.glassine.png")
    assert command.original_beside(twin) == photo, "its name says which"


def test_the_command_asks_for_what_it_cannot_find(tmp_path):
    (tmp_path / "alone.png").write_bytes(b"")
    with pytest.raises(NotUsable, match="--original"):
        command.original_beside(tmp_path / "alone.png")


def test_goals_are_read_back_from_the_page():
    style = message("goal.style", style="ember")
    concept = message("goal.concept", shows="dog", teach="cat")
    assert command.goal_words([style]) == {"style": "ember"}
    both = command.goal_words([style, concept])
    assert both == {"style": "ember", "shows": "dog", "teach": "cat"}
    assert command.goal_words([message("goal.own_style"), "the style 'ember'"]) == {}


def test_a_page_of_an_older_version_names_no_goal_and_breaks_nothing(pair):
    _, copy, made = pair
    copy.with_suffix(".html").write_text(page_of(made, copy, goals=["the style 'ember'"]))
    assert "target is not known" in reported(copy, "--quick").output


def test_bench_over_a_folder(tmp_path):
    from glassine.formats import FORMATS
    from glassine.types import Keep

    for number in range(2):
        data = FORMATS["png"].write(waves(number), None, Keep(), 100)
        (tmp_path / f"{number}.png").write_bytes(data)
    (tmp_path / "broken.png").write_bytes(b"\x89PNG\r\n")
    asked = ["effect", str(tmp_path), "--style", "texture", "--effort", "preview", "--json", "-"]
    out = CliRunner().invoke(bench, asked, standalone_mode=False)
    assert out.exception is None, out.exception
    told = json.loads(out.stdout[out.stdout.index("{") :])
    assert told["visible"]["pictures"] == 2
    assert told["lines"][0]["covered"] > told["lines"][0]["blend"]
    assert "broken.png" in out.output
