"""The optimiser on pictures small enough to reason about, against an encoder simple enough to."""

from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F
from glassine.causes import ran_out_of_memory
from glassine.errors import Cancelled, NoSolution, OutOfMemory
from glassine.explore import walk as walking
from glassine.explore.canvas import CELL, canvas, start
from glassine.explore.fit import fit, snap
from glassine.flow import optimise as optimising
from glassine.flow.mark import mark
from glassine.flow.optimise import optimise
from glassine.flow.recipes import FACE_RECIPES, RECIPES
from glassine.flow.settle import crops, settle
from glassine.flow.strength import scaled_to
from glassine.formats import FORMATS
from glassine.machine.device import Device
from glassine.pixels.grid import on_grid
from glassine.types import Artwork, Claim, Export, Goal, Keep, Plan, Recipe, quiet
from glassine.units import Levels, Score
from glassine.visibility import ssimulacra2, texture_allowance
from glassine.visibility.limits import points_held_out, strictest
from hypothesis import given, settings
from hypothesis import strategies as st

CPU = Device("cpu", "CPU", torch.float32)


def picture(height, width, seed=0):
    draw = torch.Generator().manual_seed(seed)
    coarse = torch.rand(1, 3, 7, 7, generator=draw)
    smooth = F.interpolate(coarse, (height, width), mode="bicubic")[0]
    return on_grid((smooth + 0.06 * torch.randn(3, height, width, generator=draw)).clamp(0, 1), 8)


@pytest.fixture(autouse=True)
def encoder(monkeypatch):
    """One random strided convolution stands for a family."""
    torch.manual_seed(3)
    net = torch.nn.Conv2d(3, 8, 8, stride=8).requires_grad_(False)
    monkeypatch.setattr(walking, "gradient_encoders", lambda name, device: {name: net})
    monkeypatch.setattr(optimising, "choose", lambda wish: CPU)
    return net


def made(plan, watch=quiet):
    """The protected picture: its change, and as much of it as the score allows."""
    return settle(optimise(plan, watch=watch), watch=watch)


def planned(height=96, width=80, *, alpha=None, score=70, steps=4, depth=8):
    clean = picture(height, width)
    clean = on_grid(clean, depth)
    allowance = texture_allowance(clean)
    if alpha is not None:
        allowance = allowance * (alpha > 0)
    return Plan(
        artwork=Artwork(clean, alpha, Keep(depth=depth)),
        recipe=Recipe(name="t", says="", goals=(), reach=Levels(8)),
        export=Export(),
        surrogates=("fake",),
        held_out=(),
        goals=(Goal("other", "", picture(height, width, seed=9)),),
        allowance=allowance,
        score=Score(score),
        steps=steps,
        seed=1,
        device="cpu",
    )


def closed(plan, rgb, encode):
    before, after, goal = (encode(p[None]) for p in (plan.artwork.rgb, rgb, plan.goals[0].picture))
    return 1 - ((after - goal).norm() / (before - goal).norm()).item()


def judged(plan, rgb, change=None):
    """The fewest points of all judges; `change` is the picture before a codec or marks, if any."""
    clean = plan.artwork.rgb
    held_out = points_held_out([(clean, rgb if change is None else change)])
    return Score(min(ssimulacra2(clean, rgb), strictest([(clean, rgb)]), held_out))


def test_the_gap_closes_and_beats_the_blend_at_equal_visibility(encoder):
    plan = planned(steps=30)
    done = made(plan)
    clean, goal = plan.artwork.rgb, plan.goals[0].picture

    def blend(share):
        return on_grid(clean + share * (goal - clean), 8)

    share = scaled_to(Score(70), lambda share: judged(plan, blend(share)), 1.0)
    assert closed(plan, done.rgb, encoder) > 2 * closed(plan, blend(share), encoder) > 0


def sizes_of(monkeypatch, plan):
    """The size of every step that the plan's search takes."""
    sizes = []
    monkeypatch.setattr(walking, "move", lambda *given: sizes.append(given[-1]))
    optimise(plan)
    return sizes


@pytest.mark.parametrize("recipe", [RECIPES["cloak"], RECIPES["poison"]])
def test_steps_beyond_those_that_a_recipe_travels_are_smaller(monkeypatch, recipe):
    def sizes(steps):
        return sizes_of(monkeypatch, replace(planned(32, 32, steps=steps), recipe=recipe))

    few, as_many, more = sizes(4), sizes(20), sizes(60)
    assert few[0] == as_many[0] == walking.FIRST
    assert more[0] == pytest.approx(walking.FIRST / 3)
    assert sum(more) == pytest.approx(sum(as_many), rel=0.05)


def test_where_every_step_sees_something_else_more_steps_go_further(monkeypatch):
    for recipe in FACE_RECIPES.values():
        assert recipe.travel == float("inf")
    assert sizes_of(monkeypatch, planned(32, 32, steps=60))[0] == walking.FIRST


@pytest.mark.parametrize("score", [85, 70, 55])
def test_the_result_has_the_score_asked_for(score):
    plan = planned(score=score)
    got = judged(plan, made(plan).rgb)
    assert score <= got < score + 1.5


def test_blue_moves_most_and_green_least():
    plan = planned()
    moved = (made(plan).rgb - plan.artwork.rgb).abs().mean((1, 2))
    assert moved[2] > moved[0] > moved[1]


def test_colours_lean_towards_the_goal_by_the_recipes_share():
    plan = planned(96, 80)
    grey, goal = torch.full((3, 96, 80), 0.5), torch.tensor([0.9, 0.5, 0.1])
    goals = (Goal("one", "", goal[:, None, None].expand(3, 96, 80)),)
    plan = replace(plan, artwork=Artwork(grey), goals=goals, allowance=torch.ones(1, 96, 80))
    added = start(canvas(plan, "cpu"), plan.recipe.tint, 0.0)
    expected = plan.recipe.tint * (goal - 0.5)
    assert torch.allclose(added, expected[:, None, None].expand(3, 96, 80), atol=1e-6)
    masked = replace(plan, allowance=plan.allowance * (torch.arange(80) < 40))
    assert not start(canvas(masked, "cpu"), plan.recipe.tint, 0.05)[:, :, 40:].any()


def test_a_search_begins_with_some_of_the_goals_detail_and_less_in_flat_areas():
    plan = planned(96, 96)
    y, x = torch.meshgrid(torch.arange(96), torch.arange(96), indexing="ij")
    board = (0.4 - 0.8 * ((x + y) % 2))[None].expand(3, -1, -1)
    grey, calm = torch.full((3, 96, 96), 0.5), torch.where(x < 48, 0.125, 1.0)[None]
    goals = (Goal("one", "", grey + board),)
    plan = replace(plan, artwork=Artwork(grey), goals=goals, allowance=calm)
    added = start(canvas(plan, "cpu"), plan.recipe.tint, 0.05)
    assert torch.allclose(added, 0.05 * board * torch.where(x < 48, 0.5, 1.0), atol=1e-4)
    own, large = (
        walking.prepared(replace(planned(*side), recipe=RECIPES["cloak"]), CPU).start
        for side in ((96, 96), (640, 1000))
    )
    rough = [
        float((one - F.avg_pool2d(one, 3, 1, 1))[:, 8:-8, 8:-8].abs().mean())
        for one in (own, large)
    ]
    assert rough[0] > 10 * rough[1], "not where training takes detail away"
    shares = [
        walking.detail_for(
            replace(plan, artwork=Artwork(torch.zeros(3, side, side)), recipe=RECIPES["cloak"])
        )
        for side in (64, 256, 512, 640)
    ]
    assert shares == [0.06, 0.06, 0.015, 0.0]
    assert RECIPES["cloak"].detail and not any(one.detail for one in FACE_RECIPES.values())


def test_no_edge_of_a_goal_shows_in_the_colours():
    plan = planned(200, 150)
    plan = replace(plan, allowance=torch.ones_like(plan.allowance))
    added = start(canvas(plan, "cpu"), plan.recipe.tint, 0.0)
    steepest = added.diff(dim=1).abs().max(), added.diff(dim=2).abs().max()
    assert 0 < max(steepest) < 1.5 * plan.recipe.tint / CELL


def test_same_plan_gives_same_pixels():
    plan = planned()
    assert torch.equal(made(plan).rgb, made(plan).rgb)


@pytest.mark.parametrize("largest", [1280, 60])
def test_transparent_pixels_keep_their_bits(monkeypatch, largest):
    monkeypatch.setattr("glassine.explore.canvas.LARGEST", largest)
    alpha = torch.ones(1, 96, 80)
    alpha[:, :40] = 0
    plan = planned(alpha=alpha)
    done = made(plan).rgb
    assert torch.equal(done[:, :40], plan.artwork.rgb[:, :40])
    assert not torch.equal(done[:, 40:], plan.artwork.rgb[:, 40:])


def test_sixteen_bits_stay_sixteen_bits():
    done = made(planned(depth=16)).rgb
    assert torch.equal(done, on_grid(done, 16))
    assert not torch.equal(done, on_grid(done, 8))


def test_watcher_hears_every_step_and_can_stop():
    heard = []
    made(planned(), watch=heard.append)
    steps = [(p.done, p.total) for p in heard if p.stage == "optimise"]
    assert steps == [(1, 4), (2, 4), (3, 4), (4, 4)]

    def stop(progress):
        if progress.done == 2:
            raise Cancelled

    with pytest.raises(Cancelled):
        made(planned(), watch=stop)


def test_convolutions_on_a_card_are_asked_to_repeat(encoder):
    asked = []
    encoder.register_forward_hook(lambda *_: asked.append(torch.backends.cudnn.deterministic))
    made(planned(steps=1))
    assert asked and all(asked) and not torch.backends.cudnn.deterministic


def test_memory_running_out_means_smaller_crops_and_a_sentence(monkeypatch):
    real, sizes = walking.encoder_gradient, []

    def hungry(ground, search, part, *rest):
        sizes.append(part.pixels)
        if part.pixels > 256 * 64:
            raise torch.OutOfMemoryError
        return real(ground, search, part, *rest)

    monkeypatch.setattr(walking, "encoder_gradient", hungry)
    done = made(planned(64, 300, steps=1))
    assert list(map(str, done.notes)) == [
        "Memory ran out on CPU; the work was done with smaller crops at a time."
    ]
    assert sizes == [304 * 64, 304 * 64, 256 * 64]


def test_memory_running_out_everywhere_is_said(monkeypatch):
    def never(*_):
        raise torch.OutOfMemoryError

    monkeypatch.setattr(walking, "encoder_gradient", never)
    with pytest.raises(OutOfMemory, match="smallest crops"):
        made(planned())


@pytest.mark.parametrize(
    "said",
    [
        "[enforce fail at alloc_cpu.cpp:117] data. DefaultCPUAllocator: not enough memory: you ...",
        "[enforce fail] err == 0. DefaultCPUAllocator: can't allocate memory: you tried to ...",
        "MPS backend out of memory (MPS allocated: 5.56 GB, max allowed: 6.80 GB). Tried to ...",
        "Invalid buffer size: 9.75 GB",
        "CUDA error: out of memory",
        "cuDNN error: CUDNN_STATUS_ALLOC_FAILED",
        "level_zero backend failed with error: 39 (UR_RESULT_ERROR_OUT_OF_DEVICE_MEMORY)",
        "UR backend failed. UR backend returns:40 (UR_RESULT_ERROR_OUT_OF_RESOURCES)",
    ],
)
def test_memory_runs_out_in_many_words(said):
    assert ran_out_of_memory(RuntimeError(said))


def test_other_errors_are_not_taken_for_memory(monkeypatch):
    def broken(*_):
        raise RuntimeError("shapes differ")

    monkeypatch.setattr(walking, "encoder_gradient", broken)
    with pytest.raises(RuntimeError, match="shapes differ"):
        made(planned())


def test_a_score_that_no_file_can_have_is_refused_after_a_few_looks():
    looks = []

    def scored(factor):
        looks.append(factor)
        return Score(50 - factor)

    with pytest.raises(NoSolution, match="stronger"):
        scaled_to(Score(99), scored, 1.5)
    assert len(looks) < 7, "a look at a large picture takes a minute"


@given(st.floats(60, 95), st.floats(0.5, 3))
def test_search_ends_just_above_the_score(score, slope):
    factor = scaled_to(Score(score), lambda f: Score(100 - 40 * f**slope), 1.5)
    assert score <= 100 - 40 * factor**slope < score + 1.5 or factor == 1.5


@pytest.mark.parametrize("held", [0.7, 0.3, 0.05])
def test_a_part_of_the_change_that_is_held_back_does_not_end_the_search(held):
    """A photo of 512 px failed so: its smooth part stayed as it was until the rest was smaller, the
    score hardly moved, and after sixteen looks no strength was found."""
    looks = []

    def scored(factor):
        looks.append(factor)
        smooth = min(factor, held) / held
        return Score(100 - 29.5 * smooth**0.8 - 2 * factor)

    factor = scaled_to(Score(70), scored, 1.5)
    assert len(looks) <= 12
    assert scored(factor) >= 70 > scored(1.2 * factor)


@settings(deadline=None)
@given(st.integers(0, 255), st.floats(0, 0.03), st.floats(-0.05, 0.05))
def test_fit_obeys_the_limit_and_the_range(value, limit, wish):
    clean = torch.full((3, 1, 1), value / 255)
    change = fit(torch.full((3, 1, 1), wish), clean, torch.full((1, 1, 1), limit))
    assert change.abs().max() <= limit + 1e-6
    assert (clean + change).min() >= 0 and (clean + change).max() <= 1


def test_snap_keeps_the_bits_of_untouchable_pixels():
    clean = torch.rand(3, 4, 4)  # off the grid on purpose
    allowance = torch.ones(1, 4, 4)
    allowance[:, 0] = 0
    out = snap(clean, torch.full_like(clean, 0.01), allowance, 8)
    assert torch.equal(out[:, 0], clean[:, 0])
    assert torch.equal(out[:, 1:], on_grid(out[:, 1:], 8))


def test_flats_and_thin_lines_may_change_least():
    flat = torch.full((3, 64, 64), 0.6)
    lines = flat.clone()
    lines[:, :, ::24] = 0
    busy = picture(64, 64)
    flat, lines, busy = (texture_allowance(p).mean().item() for p in (flat, lines, busy))
    said = f"visibility.jnd allows flats {flat:.2f}, thin lines {lines:.2f}, texture {busy:.2f}"
    assert flat <= lines < flat + 0.1 < busy, said


def test_large_pictures_are_judged_on_crops():
    assert len(crops(1024, 1024, 512)) == 1
    assert len(crops(4096, 4096, 512)) == 9
    assert all(r.stop <= 4096 and c.stop <= 2400 for r, c in crops(4096, 2400, 512))


def test_a_goal_of_two_pictures_lies_between_them(encoder):
    plan = planned()
    other = replace(plan.goals[0], picture=picture(96, 80, seed=20), weight=0.5)
    both = replace(plan, goals=(replace(plan.goals[0], weight=0.5), other))
    done = made(both).rgb
    for goal in both.goals:
        assert closed(replace(both, goals=(goal,)), done, encoder) > 0


@pytest.mark.parametrize(("form", "quality"), [("jpeg", 95), ("webp", 90)])
def test_a_lossy_file_has_the_score_asked_for(form, quality):
    plan = replace(planned(160, 144), export=Export(form, quality))
    done = made(plan).rgb
    assert 70 - 0.3 <= judged(plan, read_back(plan, done), done) < 71.5


def test_what_a_codec_alone_costs_is_said():
    plan = replace(planned(96, 80, score=85), export=Export("jpeg", 30))
    done = made(plan)
    assert "jpeg alone" in " ".join(map(str, done.notes))
    assert 85 <= judged(plan, done.rgb) < 86.5


def test_the_watermark_costs_no_more_than_was_asked_for():
    claim = Claim(watermark=7)  # one that costs several points more than others
    plan = replace(planned(256, 256), export=Export(marks=("watermark",), claim=claim))
    cloaked = made(plan)
    marked = mark(cloaked).rgb
    assert not torch.equal(marked, cloaked.rgb), "the watermark must be in"
    assert 69.7 <= judged(plan, marked, cloaked.rgb) < 71.5


def test_the_visible_mark_is_not_held_against_the_strength():
    plan = planned()
    marked = replace(plan, export=Export(marks=("visible",)))
    assert torch.equal(made(plan).rgb, made(marked).rgb)


def read_back(plan, rgb):
    form = FORMATS[plan.export.format]
    return form.read(form.write(rgb, None, Keep(), plan.export.quality), "x").rgb
