"""The optimiser on pictures small enough to reason about, against an encoder simple enough to."""

from dataclasses import replace
from types import SimpleNamespace

import pytest
import torch
import torch.nn.functional as F
from glassine.errors import Cancelled, NoSolution, OutOfMemory
from glassine.explore import pyramid, schedule
from glassine.explore.fit import fit, snap
from glassine.explore.levels import levels
from glassine.explore.schedule import families_per_step, groups, in_turn
from glassine.explore.steps import reach, sized
from glassine.explore.tiles import tiles
from glassine.explore.tint import CELL, cells, tint
from glassine.explore.training_sizes import reduced_to
from glassine.flow import optimise as optimising
from glassine.flow.mark import mark
from glassine.flow.optimise import optimise
from glassine.flow.settle import crops, settle
from glassine.flow.strength import scaled_to
from glassine.formats import FORMATS
from glassine.machine.device import Device, ran_out_of_memory
from glassine.pixels.grid import on_grid
from glassine.types import Artwork, Claim, Export, Goal, Keep, Plan, Recipe, quiet
from glassine.units import Levels, Score, to_unit
from glassine.visibility import ssimulacra2, texture_allowance
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
    monkeypatch.setattr(schedule, "gradient_encoders", lambda name, device, alone: {name: net})
    monkeypatch.setattr(optimising, "choose", lambda wish: CPU)
    monkeypatch.setattr(schedule, "surrogate_named", lambda name: entry(draw=0))
    return net


def entry(draw, families=()):
    return SimpleNamespace(draw=draw, families=families)


def made(plan, watch=quiet):
    """The protected picture: its change, and as much of it as the score allows."""
    return settle(optimise(plan, watch=watch), watch=watch)


def planned(height=96, width=80, *, alpha=None, score=70, steps=4, depth=8, sizes=()):
    clean = picture(height, width)
    clean = on_grid(clean, depth)
    allowance = texture_allowance(clean)
    if alpha is not None:
        allowance = allowance * (alpha > 0)
    return Plan(
        artwork=Artwork(clean, alpha, Keep(depth=depth)),
        recipe=Recipe(name="t", says="", goals=(), reach=Levels(8), sizes=sizes),
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


def test_the_gap_closes_and_beats_the_blend_at_equal_visibility(encoder):
    plan = planned()
    done = made(plan)
    clean, goal = plan.artwork.rgb, plan.goals[0].picture

    def blend(share):
        return on_grid(clean + share * (goal - clean), 8)

    share = scaled_to(Score(70), lambda share: ssimulacra2(clean, blend(share)), 1.0)
    assert closed(plan, done.rgb, encoder) > 2 * closed(plan, blend(share), encoder) > 0


@pytest.mark.parametrize("score", [85, 70, 55])
def test_the_result_has_the_score_asked_for(score):
    plan = planned(score=score)
    got = ssimulacra2(plan.artwork.rgb, made(plan).rgb)
    assert score <= got < score + 1.5


@pytest.mark.parametrize("power", [0.0, 0.35, 1.0])
def test_steps_grow_with_gradients_up_to_three_times_their_mean(power):
    gradient = torch.tensor([0.0, -1.0, 1.0, 2.0, -2.0, 0.5, 0.5, 93.0])  # of mean size 12.5
    step = sized(gradient, power)
    assert torch.equal(step.sign(), gradient.sign())
    assert step[-1].item() == pytest.approx(3**power)
    assert step[3].item() == pytest.approx((2 / 12.5) ** power)
    assert not sized(torch.zeros(3), power).any()


def test_blue_moves_most_and_green_least():
    plan = planned(sizes=())
    moved = (made(plan).rgb - plan.artwork.rgb).abs().mean((1, 2))
    assert moved[2] > moved[0] > moved[1]


def test_colours_lean_towards_the_goal_by_the_recipes_share():
    plan = planned(96, 80)
    grey, goal = torch.full((3, 96, 80), 0.5), torch.tensor([0.9, 0.5, 0.1])
    goals = (Goal("one", "", goal[:, None, None].expand(3, 96, 80)),)
    plan = replace(plan, artwork=Artwork(grey), goals=goals, allowance=torch.ones(1, 96, 80))
    (whole,) = tiles(96, 80)
    added = tint(plan, whole, cells(plan))
    expected = plan.recipe.tint * (goal - 0.5)
    assert torch.allclose(added, expected[:, None, None].expand(3, 96, 80), atol=1e-6)
    masked = replace(plan, allowance=plan.allowance * (torch.arange(80) < 40))
    assert not tint(masked, whole, cells(masked))[:, :, 40:].any()
    assert torch.allclose(cells(plan, drawn=False), 2 / 3 * cells(plan))


@pytest.mark.parametrize(("score", "share"), [(55, 1), (70, 1), (80, 1), (85, 0.75), (95, 0.25)])
def test_steps_reach_less_far_where_little_may_be_seen(score, share):
    assert reach(planned(score=score)) == pytest.approx(share * to_unit(Levels(8)))


@pytest.mark.parametrize(("draw", "warm", "drawn"), [(0, 0, False), (1, 0, True), (0, 2, True)])
def test_steps_begin_with_the_whole_share_where_families_are_drawn(
    monkeypatch, encoder, draw, warm, drawn
):
    asked, first = [], planned(sizes=())
    first = replace(first, warm=warm, recipe=replace(first.recipe, draw=draw))
    real = lambda plan, *, drawn: (asked.append(drawn), cells(plan))[1]  # noqa: E731
    monkeypatch.setattr(pyramid, "cells", real)
    monkeypatch.setattr(
        schedule, "surrogate_named", lambda name: entry(draw=int(name == "embedded"))
    )
    monkeypatch.setattr(
        schedule, "gradient_encoders", lambda name, device, alone: {"fake": encoder}
    )
    optimise(first)
    assert asked == [drawn]


def test_tinted_tiles_are_cut_from_one_picture_and_smooth():
    plan = planned(200, 150)
    plan = replace(plan, allowance=torch.ones_like(plan.allowance))
    coarse = cells(plan)
    (whole,) = tiles(200, 150)
    added = tint(plan, whole, coarse)
    for tile in tiles(200, 150, 96, 32):
        assert torch.allclose(tint(plan, tile, coarse), tile.cut(added), atol=1e-7)
    steepest = added.diff(dim=1).abs().max(), added.diff(dim=2).abs().max()
    assert max(steepest) < 1.5 * plan.recipe.tint / CELL, "no edge of the goal shows"


def test_only_the_full_size_brings_the_colours():
    plan = planned(128, 128, sizes=(64,))
    assert plan.recipe.tint > 0
    assert [level.plan.recipe.tint for level in levels(plan)[1:]] == [0.0]


def test_same_plan_gives_same_pixels():
    plan = planned()
    assert torch.equal(made(plan).rgb, made(plan).rgb)


@pytest.mark.parametrize("sizes", [(), (64,)])
def test_transparent_pixels_keep_their_bits(sizes):
    alpha = torch.ones(1, 96, 80)
    alpha[:, :40] = 0
    plan = planned(alpha=alpha, sizes=sizes)
    done = made(plan).rgb
    assert torch.equal(done[:, :40], plan.artwork.rgb[:, :40])
    assert not torch.equal(done[:, 40:], plan.artwork.rgb[:, 40:])


def test_sixteen_bits_stay_sixteen_bits():
    done = made(planned(depth=16)).rgb
    assert torch.equal(done, on_grid(done, 16))
    assert not torch.equal(done, on_grid(done, 8))


def test_tiles_leave_no_seam(monkeypatch):
    """Change along the tile borders is as rough as change anywhere else."""
    monkeypatch.setattr(optimising, "SIZE", 64)
    plan = planned(192, 192)
    change = pyramid.pyramid(plan, CPU, 64, lambda _: None).float()
    rough = (change[:, :, 1:] - change[:, :, :-1]).abs().mean((0, 1))
    border = torch.tensor([span.start for span, _ in loop_spans(192)][1:]) - 1
    assert (rough[border].mean() / rough.mean()).item() == pytest.approx(1, abs=0.25)


def loop_spans(length):
    from glassine.explore.tiles import MARGIN, spans

    return spans(length, 64, MARGIN)


def test_a_copy_reduced_as_for_training_keeps_effect(encoder):
    """What is optimised at full size only is fine detail, which reduction takes away."""

    def after_reduction(plan):
        goal = Goal("other", "", reduced_to(plan.goals[0].picture, 80))
        small = replace(plan, artwork=Artwork(reduced_to(plan.artwork.rgb, 80)), goals=(goal,))
        return closed(small, reduced_to(made(plan).rgb, 80), encoder)

    both, fine = planned(160, 200, sizes=(80,)), planned(160, 200)
    assert after_reduction(both) > 1.5 * after_reduction(fine)


@pytest.mark.parametrize(("shorter", "expected"), [(639, ()), (640, (512,)), (1280, (1024, 512))])
def test_only_what_training_would_reduce_is_optimised_smaller(shorter, expected):
    plan = planned(shorter, shorter + 9, sizes=(1024, 512))
    full, *reduced = levels(plan)
    assert full.plan is plan and full.weight == 1
    assert tuple(min(level.plan.allowance.shape[1:]) for level in reduced) == expected
    assert all(0 < level.weight < 1 for level in reduced)


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


def test_memory_running_out_means_smaller_tiles_and_a_sentence(monkeypatch):
    real, sizes = pyramid.tile_change, []

    def hungry(plan, tile, *rest):
        sizes.append(tile.weight.shape[-1])
        if tile.weight.shape[-1] > 256:
            raise torch.OutOfMemoryError
        return real(plan, tile, *rest)

    monkeypatch.setattr(pyramid, "tile_change", hungry)
    done = made(planned(64, 300, steps=1))
    assert list(map(str, done.notes)) == ["Memory ran out on CPU; it was done in smaller tiles."]
    assert sizes == [300, 168, 168]


def test_memory_running_out_everywhere_is_said(monkeypatch):
    def never(*_):
        raise torch.OutOfMemoryError

    monkeypatch.setattr(pyramid, "tile_change", never)
    with pytest.raises(OutOfMemory, match="smallest tiles"):
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

    monkeypatch.setattr(pyramid, "tile_change", broken)
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
    assert flat <= lines < flat + 0.1 < busy


def test_large_pictures_are_judged_on_crops():
    assert len(crops(1024, 1024)) == 1
    assert len(crops(4096, 4096)) == 9
    assert all(r.stop <= 4096 and c.stop <= 2400 for r, c in crops(4096, 2400))


def test_a_goal_of_two_pictures_lies_between_them(encoder):
    plan = planned()
    other = replace(plan.goals[0], picture=picture(96, 80, seed=20), weight=0.5)
    both = replace(plan, goals=(replace(plan.goals[0], weight=0.5), other))
    done = made(both).rgb
    for goal in both.goals:
        assert closed(replace(both, goals=(goal,)), done, encoder) > 0


def test_families_take_turns():
    turns = ["".join(in_turn("abcde", 2, step)) for step in range(3)]
    assert turns == ["ab", "cd", "ea"]
    assert in_turn("abc", 0, 7) == "abc"


@pytest.mark.parametrize(
    ("surrogates", "draw", "looked", "alone"),
    [
        (("a",), 0, 1, [True]),
        (("a", "b"), 0, 2, [False, False]),
        (("a", "b"), 1, 1, [True, True]),
        (("embedded",), 0, 1, [True]),
        (("whole",), 0, 2, [False]),
        (("embedded", "a"), 0, 2, [False, False]),
    ],
)
def test_gradients_are_cut_lower_where_a_step_looks_at_one_family(
    monkeypatch, surrogates, draw, looked, alone
):
    entries = {"embedded": entry(1, ("a", "b")), "whole": entry(0, ("a", "b"))}
    asked, plan = [], replace(planned(), surrogates=surrogates)
    plan = replace(plan, recipe=replace(plan.recipe, draw=draw))
    monkeypatch.setattr(schedule, "surrogate_named", lambda name: entries.get(name, entry(0)))
    monkeypatch.setattr(
        schedule, "gradient_encoders", lambda name, device, alone: asked.append(alone) or {}
    )
    groups(plan, CPU)
    assert (families_per_step(plan), asked) == (looked, alone)


def test_a_warm_start_steps_on_the_likenesses_of_the_plans_families_first(monkeypatch):
    asked, plan = [], replace(planned(steps=3), surrogates=("a",), warm=2)

    def known(name, device, alone):
        shared = torch.nn.Conv2d(3, 8, 8, stride=8).requires_grad_(False)

        def saw(who):
            return lambda rgb: (
                asked.append((name, who)) if rgb.requires_grad else None,
                shared(rgb),
            )[1]

        return {"a": saw("a"), "b": saw("b")} if name == "embedded" else {name: saw(name)}

    monkeypatch.setattr(schedule, "gradient_encoders", known)
    told = []
    optimise(plan, watch=told.append)
    assert asked == [("embedded", "a")] * 2 + [("a", "a")] * 3
    assert [p.done for p in told] == [1, 2, 3, 4, 5] and told[0].total == 5


@pytest.mark.parametrize(("form", "quality"), [("jpeg", 95), ("webp", 90)])
def test_a_lossy_file_has_the_score_asked_for(form, quality):
    plan = replace(planned(160, 144), export=Export(form, quality))
    seen = read_back(plan, made(plan).rgb)
    assert 70 - 0.3 <= ssimulacra2(plan.artwork.rgb, seen) < 71.5


def test_what_a_codec_alone_costs_is_said():
    plan = replace(planned(96, 80, score=85), export=Export("jpeg", 30))
    done = made(plan)
    assert "jpeg alone" in " ".join(map(str, done.notes))
    assert 85 <= ssimulacra2(plan.artwork.rgb, done.rgb) < 86.5


@pytest.mark.parametrize("number", [1, 7])
def test_the_watermark_costs_no_more_than_was_asked_for(number):
    claim = Claim(watermark=number)  # one costs several points more than another
    plan = replace(planned(256, 256), export=Export(marks=("watermark",), claim=claim))
    cloaked = made(plan)
    marked = mark(cloaked).rgb
    assert not torch.equal(marked, cloaked.rgb), "the watermark must be in"
    assert 69.3 <= ssimulacra2(plan.artwork.rgb, marked) < 71.5


def test_the_visible_mark_is_not_held_against_the_strength():
    plan = planned()
    marked = replace(plan, export=Export(marks=("visible",)))
    assert torch.equal(made(plan).rgb, made(marked).rgb)


def read_back(plan, rgb):
    form = FORMATS[plan.export.format]
    return form.read(form.write(rgb, None, Keep(), plan.export.quality), "x").rgb
