"""The layers at a picture's own size, strip by strip: as if the picture had been seen whole."""

import pytest
import torch
from glassine.machine import bytewise
from glassine.surrogates.nets import backward, opening, tiny
from glassine.surrogates.nets.backward import gradient_twin
from glassine.surrogates.nets.opening import ABOVE, BELOW, Opening, strips
from hypothesis import given, settings
from hypothesis import strategies as st

pytestmark = pytest.mark.skipif(not bytewise.usable(), reason="this CPU is not faster in bytes")

SIZE = (2, 3, 88, 64)
AS_ONE, IN_FIVE = 88 * 64, 20 * 64  # pixels of a strip


@pytest.fixture
def net():
    torch.manual_seed(3)
    encoder = tiny.encoder(4).eval().requires_grad_(False)
    return gradient_twin(encoder, 3.5, True)


def seen(net, pixels, monkeypatch):
    """Latents and gradient of a picture in strips of so many pixels."""
    monkeypatch.setattr(opening, "STRIP", pixels)
    rgb = torch.rand(SIZE, generator=torch.Generator().manual_seed(1))
    at = rgb.contiguous(memory_format=torch.channels_last).requires_grad_(True)
    latents = net(at)
    return latents.detach(), torch.autograd.grad(latents.square().sum(), at)[0]


def near(one, other):
    return torch.cosine_similarity(one.flatten(), other.flatten(), 0).item()


@given(st.integers(1, 700), st.integers(1, 700))
@settings(deadline=None, max_examples=60)
def test_strips_hold_every_row_once_and_their_neighbours(half_height, half_width):
    height, width, expected = 2 * half_height, 2 * half_width, 0
    for strip in strips(height, width):
        assert strip.start == expected < strip.stop
        assert strip.first == max(0, strip.start - ABOVE)
        assert strip.last == min(height, strip.stop + BELOW)
        assert all(row % 2 == 0 for row in (strip.first, strip.start, strip.stop, strip.last))
        expected = strip.stop
    assert expected == height


def test_a_picture_in_strips_is_the_picture_as_a_whole(net, monkeypatch):
    """Rounded alike, every number is the same, at the strips' borders too."""
    monkeypatch.setattr(backward, "span", lambda x: (0.012, 128))
    monkeypatch.setattr(opening, "span_of", lambda x, first: (0.012, 128))
    monkeypatch.setattr(backward, "mean_size", lambda x: 1e-4)
    (latents, gradient), strip_wise = (seen(net, n, monkeypatch) for n in (AS_ONE, IN_FIVE))
    assert isinstance(net[0], Opening) and gradient.abs().amin((0, 1, 3)).gt(0).all()
    assert torch.allclose(strip_wise[0], latents, rtol=1e-4, atol=1e-4)
    apart = (strip_wise[1] - gradient).abs().amax((0, 1, 3)) / gradient.abs().max()
    assert apart.max() < 1e-3, f"rows differ: {(apart > 1e-3).nonzero().flatten().tolist()}"


def test_each_strip_rounds_by_itself_and_comes_as_close(net, monkeypatch):
    (latents, gradient), strip_wise = (seen(net, n, monkeypatch) for n in (AS_ONE, IN_FIVE))
    assert near(strip_wise[0], latents) > 0.99
    assert near(strip_wise[1], gradient) > 0.95


def test_a_goals_latents_keep_nothing_for_a_way_back(net, monkeypatch):
    monkeypatch.setattr(opening, "STRIP", IN_FIVE)
    kept = []
    monkeypatch.setattr(
        opening.Gathered,
        "add",
        lambda self, part, strip, add=opening.Gathered.add: (
            kept.append(part.dtype),
            add(self, part, strip),
        ),
    )
    with torch.no_grad():
        net(torch.rand(SIZE))
    assert set(kept) == {torch.float32}, "no masks"
