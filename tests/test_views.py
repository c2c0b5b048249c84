"""What a step looks at: sizes around those of training, crops, and the kernel that reduces."""

from itertools import pairwise

import numpy as np
import pytest
import torch
from glassine.explore.aims import Aims
from glassine.explore.canvas import LARGEST, Canvas, canvas_size, enlarged
from glassine.explore.evenly import evenly
from glassine.explore.handling import CODED_EVERY, handled, through_codec
from glassine.explore.look import look
from glassine.explore.training_sizes import SIZES, side_of, training_sizes
from glassine.explore.views import AROUND, CROP, MIDDLE, View, cut, views
from glassine.pixels.area import area, cover, down_part
from glassine.pixels.art import grid_on
from glassine.pixels.pad import SMALLEST, STRIDE, covered, padded
from glassine.purifiers import PURIFIERS
from glassine.types import Grid
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Generator

SIDES = st.integers(1, 6000)


@settings(deadline=None, max_examples=60)
@given(SIDES, SIDES, st.integers(0, 99))
def test_an_encoder_sees_crops_in_multiples_of_its_stride(height, width, seed):
    view = views(height, width).draw(seed, Generator().manual_seed(seed))
    assert view.height % STRIDE == view.width % STRIDE == 0
    for span, length in ((view.rows, view.height), (view.columns, view.width)):
        assert 0 <= span.start < span.stop <= length, f"views.cut gives {span} of {length} pixels"
        assert SMALLEST <= span.stop - span.start <= CROP


@settings(deadline=None, max_examples=60)
@given(st.integers(200, 6000), st.integers(200, 6000), st.floats(0, 0.999))
def test_views_have_the_sizes_of_training_or_the_pictures_own(height, width, at):
    side, asked = side_of(height, width), views(height, width).side(at)
    if not training_sizes(height, width):
        assert asked is None, "nothing reduces it"
    elif asked == max(training_sizes(height, width)):
        assert views(height, width).often == asked
    elif asked is not None:
        middle = min(max(SIZES), MIDDLE * side)
        narrow = SMALLEST * side / min(height, width)
        assert max(middle / AROUND, narrow) * 0.999 <= asked <= middle * AROUND * 1.001 < side


@settings(deadline=None, max_examples=40)
@given(st.integers(1, 1300), st.integers(100, 600))
def test_pixels_at_the_border_are_seen_as_often_as_others(length, size):
    seen = torch.zeros(length)
    for draw in range(400):
        seen[cut(length, size, (draw + 0.5) / 400)] += 1 / 400
    size = min(size, length)
    assert seen.min() > size / (length + size) - 0.02
    assert min(seen[0], seen[-1]) > 0.4 * seen.median()


@pytest.mark.parametrize(
    ("side", "middle", "often"),
    [
        (512, None, None),
        (640, 480, 512),
        (900, 675, 512),
        (1024, 768, 512),
        (1280, 960, 1024),
        (1366, 1024, 1024),
        (4096, 1024, 1024),
    ],
)
def test_views_lie_at_and_around_the_size_of_training(side, middle, often):
    found = views(side, side)
    assert found.sizes == (middle and (middle / AROUND, middle * AROUND))
    assert found.often == often
    small = views(side, side, most=400)
    assert small.often is None
    assert small.sizes is None or small.sizes[1] == 400


def test_half_of_the_views_have_exactly_the_size_of_the_largest_bucket():
    seen = [views(3000, 2000).side((i + 0.5) / 100) for i in range(100)]
    assert 50 <= seen.count(1024) <= 70
    around = [side for side in seen if side != 1024]
    assert min(around) < 920 and max(around) > 1140


@pytest.mark.parametrize(("side", "sizes"), [(1024, 4), (4096, 5)])
def test_views_have_few_sizes(side, sizes):
    """A step then fits into the memory of the one before: with any size it grows by a third."""
    seen = {views(side, side).side((i + 0.5) / 300) for i in range(300)}
    assert len(seen) == sizes


@settings(deadline=None, max_examples=40)
@given(st.integers(640, 4000), st.floats(0.5, 2), st.floats(0, 0.999))
def test_every_view_shows_the_whole_picture(height, shape, at):
    seen = views(height, round(height * shape))
    view = seen.view(seen.side(at), 0.5, 0.5)
    assert (view.rows, view.columns) == (slice(0, view.height), slice(0, view.width))


def test_two_thirds_and_square_pictures_have_views_of_the_same_area():
    """Trainers bucket by area: a shorter side of 512 would be a quarter too large for 2:3."""
    for at in (0.3, 0.6, 0.9):
        seen = views(1200, 1200), views(1470, 980)
        one, other = (v.view(v.side(at), 0, 0) for v in seen)
        assert one.height * one.width == pytest.approx(other.height * other.width, rel=0.04)


@pytest.mark.parametrize(
    ("height", "width", "expected"),
    [(639, 639, ()), (640, 640, (512,)), (1280, 1280, (1024, 512)), (400, 1024, (512,))],
)
def test_training_reduces_to_buckets_by_area(height, width, expected):
    assert training_sizes(height, width) == expected


@settings(deadline=None)
@given(st.integers(1, 300), st.integers(1, 300))
def test_every_pixel_of_an_axis_counts_once(length, smaller):
    pixels, whole = cover(length, smaller, slice(0, smaller))
    assert pixels == slice(0, length)
    assert torch.allclose(whole.sum(1), torch.ones(smaller), atol=1e-5)
    assert torch.allclose(whole.sum(0), torch.full((length,), smaller / length), atol=1e-5)


def test_the_area_kernel_is_that_of_trainers():
    rgb = torch.rand(3, 60, 90)
    cv2 = pytest.importorskip("cv2")
    for size in ((30, 45), (40, 60), (17, 31)):
        theirs = cv2.resize(
            rgb.permute(1, 2, 0).numpy(), (size[1], size[0]), interpolation=cv2.INTER_AREA
        )
        ours = area(rgb, *size).permute(1, 2, 0).numpy()
        assert np.abs(ours - theirs).max() < 1e-4


@settings(deadline=None, max_examples=40)
@given(st.integers(70, 700), st.integers(70, 700), st.integers(0, 50))
def test_a_look_sees_what_reducing_the_whole_would_give(height, width, seed):
    view = views(height, width).draw(seed, Generator().manual_seed(seed))
    rgb = torch.rand(3, height, width, generator=Generator().manual_seed(1))
    part = look(view, (height, width))
    own = (view.height, view.width) == (covered(height), covered(width))
    whole = padded(rgb) if own else area(rgb, view.height, view.width)
    seen = part.seen(rgb[part.part])
    assert seen.shape[1] * seen.shape[2] == part.pixels
    if not own or part.whole:
        assert torch.allclose(seen, whole[:, view.rows, view.columns], atol=1e-5)


@settings(deadline=None, max_examples=40)
@given(st.integers(130, 400), st.integers(1, 200), st.data())
def test_reduction_in_pieces_is_that_by_one_matrix_and_so_is_its_gradient(length, smaller, data):
    smaller = min(smaller, length)
    start = data.draw(st.integers(0, smaller - 1))
    span = slice(start, data.draw(st.integers(start + 1, smaller)))
    covers, matrix = cover(length, smaller, span)
    draw = Generator().manual_seed(1)
    part = torch.rand(2, covers.stop - covers.start, 5, generator=draw, requires_grad=True)
    weight = torch.rand(2, span.stop - span.start, 5, generator=draw)
    found = down_part(part, length, smaller, span)
    assert torch.allclose(found, matrix @ part, atol=1e-5)
    (gradient,) = torch.autograd.grad((found * weight).sum(), part)
    assert torch.allclose(gradient, matrix.T @ weight, atol=1e-5)


@pytest.mark.parametrize(("sizes", "encoded"), [((64, 64), 1), ((64, 32), 2), ((96, 96), 1)])
def test_goals_are_encoded_once_for_each_size_at_which_a_family_sees_them_whole(sizes, encoded):
    size, seen = (96, 96), list[tuple[int, int]]()
    goal = torch.rand(3, *size, generator=Generator().manual_seed(1))
    on = Canvas(torch.zeros_like(goal), None, torch.ones(1, *size), ((goal, 1.0),))

    def encode(rgb):
        seen.append(rgb.shape[2:])
        return rgb.mean((2, 3))

    aims = Aims(on)
    parts = [look(View(s, s, slice(0, s), slice(0, s)), size) for s in sizes]
    found = [aims.at(0, encode, part) for part in parts]
    assert len(seen) == encoded
    assert torch.allclose(found[0], goal.mean((1, 2))[None], atol=1e-5)
    aims.at(1, encode, parts[0])
    assert len(seen) == encoded + 1, "another family sees other latents"


def test_a_crop_is_not_taken_for_the_whole():
    assert look(View(64, 64, slice(0, 32), slice(0, 64)), (96, 96)).whole is None
    assert look(View(96, 96, slice(0, 32), slice(0, 96)), (96, 96)).whole is None


def test_large_pictures_are_searched_as_large_as_a_view_and_enlarged():
    height, width = canvas_size(4096, 2048)
    assert side_of(height, width) == pytest.approx(LARGEST, rel=0.01)
    assert canvas_size(900, 1300) == (900, 1300)
    assert canvas_size(2048, 2048, Grid(16, 8, 4)) == (1024, 1024), "cells stay whole"
    assert grid_on(Grid(16, 8, 4), 2048, 1024) == Grid(8, 4, 2)
    assert grid_on(Grid(2), 2048, 1024) is None, "each pixel is a cell"
    assert grid_on(Grid(8), 900, 900) == Grid(8)
    odd = canvas_size(2048, 2048, Grid(16, 3, 0))
    assert odd == canvas_size(2048, 2048) and grid_on(Grid(16, 3, 0), 2048, odd[0]) is None
    change = torch.full((3, 40, 20), 0.02)
    assert torch.allclose(enlarged(change, 123, 61).float(), torch.tensor(0.02), atol=1e-4)


def test_some_steps_at_its_own_size_see_a_jpeg_and_reduced_ones_never():
    own, small = (
        look(v, (96, 96))
        for v in (views(96, 96).view(None, 0, 0), View(64, 64, slice(0, 64), slice(0, 64)))
    )
    coded = [step for step in range(210) if handled(step, own) is through_codec]
    assert len(coded) == 210 / CODED_EVERY
    for families in range(1, 7):
        turns = [step % families for step in coded]
        counts = [turns.count(family) for family in range(families)]
        assert max(counts) - min(counts) <= 1, f"a turn for each of {families}"
    assert not any(handled(step, small) is through_codec for step in range(50))


@pytest.mark.parametrize("count", [10, 20, 40, 120])
def test_numbers_are_spread_evenly_over_all_and_over_each_of_five_in_turn(count):
    numbers = sorted(map(evenly, range(count)))
    gaps = [b - a for a, b in pairwise([*numbers, 1.0])]
    assert max(gaps) < 3 / count, "chance leaves gaps of five and more"
    for first in range(5):
        low = [evenly(number) < 0.5 for number in range(first, count, 5)]
        assert abs(sum(low) - len(low) / 2) <= 1


def test_pictures_of_one_size_get_views_of_the_same_sizes():
    of_sizes = views(1024, 1024)
    first, second = (
        [of_sizes.draw(number, Generator().manual_seed(seed)).height for number in range(10)]
        for seed in (1, 2)
    )
    assert first == second and first.count(512) == 5


def test_the_codecs_gradient_is_that_of_doing_nothing():
    rgb = torch.rand(3, 32, 40, generator=Generator().manual_seed(2)).requires_grad_(True)
    coded = through_codec(rgb)
    seen = PURIFIERS["jpeg75"].apply(rgb.detach(), Generator())
    assert torch.allclose(coded.detach(), seen, atol=1e-6)
    weight = torch.rand(3, 32, 40, generator=Generator().manual_seed(3))
    (gradient,) = torch.autograd.grad((coded * weight).sum(), rgb)
    assert torch.equal(gradient, weight)
