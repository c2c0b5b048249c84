"""Tiles cover everything, their weights sum to one, and no seam shows."""

from itertools import pairwise

import torch
from glassine.explore.tiles import spans, tiles
from glassine.pixels.pad import STRIDE
from hypothesis import given, settings
from hypothesis import strategies as st


@settings(deadline=None, max_examples=80)
@given(st.integers(1, 2000), st.sampled_from([64, 128, 256]), st.sampled_from([16, 32]))
def test_weights_sum_to_one_everywhere(length, size, margin):
    total = torch.zeros(length)
    for interval, weight in spans(length, size, margin):
        assert weight.shape == (interval.stop - interval.start,)
        assert interval.stop - interval.start <= size
        total[interval] += weight
    assert torch.allclose(total, torch.ones(length), atol=1e-5)


@given(st.integers(65, 2000))
def test_tiles_start_on_the_grid_of_the_latents_except_the_last(length):
    *inner, _ = spans(length, 64, 16)
    assert all(interval.start % STRIDE == 0 for interval, _ in inner)


@given(st.integers(65, 2000))
def test_neighbours_overlap(length):
    found = [interval for interval, _ in spans(length, 64, 16)]
    assert all(b.start < a.stop for a, b in pairwise(found))


@given(st.integers(65, 2000))
def test_little_is_done_twice(length):
    found = spans(length, 64, 16)
    done = sum(interval.stop - interval.start for interval, _ in found)
    assert done <= length + (16 + STRIDE) * len(found)


def test_small_picture_is_one_tile():
    (tile,) = tiles(100, 80)
    assert tile.cut(torch.zeros(3, 100, 80)).shape == (3, 100, 80)
    assert (tile.weight == 1).all()
