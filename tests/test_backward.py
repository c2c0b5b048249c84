"""Encoders to walk by: the same latents, slopes that are cut, and the arithmetic of bytes."""

import pytest
import torch
from glassine.machine import bytewise, device
from glassine.machine.bytewise import MIDDLE, TOP, ByteConv, rounded, span
from glassine.surrogates.nets import backward, tiny
from glassine.surrogates.nets.backward import gradient_twin
from torch import nn

in_bytes = pytest.mark.skipif(not bytewise.usable(), reason="this CPU is not faster in bytes")
BOTH = [False, pytest.param(True, marks=in_bytes)]


def last(x):
    return x.contiguous(memory_format=torch.channels_last)


@pytest.fixture
def net():
    torch.manual_seed(3)
    return tiny.encoder(4, pool=True).eval().requires_grad_(False)


@pytest.fixture
def picture():
    return last(torch.rand(2, 3, 40, 64, generator=torch.Generator().manual_seed(1)))


def slope(net, picture):
    at = picture.clone().requires_grad_(True)
    return torch.autograd.grad(net(at).square().sum(), at)[0]


def test_cut_slopes_leave_the_latents_as_they_are(net, picture):
    assert torch.allclose(gradient_twin(net, 8.0, False)(picture), net(picture), atol=1e-6)


def test_what_is_not_huge_is_not_cut(net, picture):
    assert torch.allclose(
        slope(gradient_twin(net, 1e9, False), picture), slope(net, picture), rtol=1e-4
    )


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
def test_a_huge_slope_is_cut_to_a_few_times_the_mean_size(dtype):
    given = torch.ones(1, 1, 100, 100, dtype=dtype)
    given[0, 0, 3, 4] = 1e4
    at = torch.zeros_like(given).requires_grad_(True)
    backward.Cut.apply(at, 3.5).backward(given)
    mean = given.float().square().mean().sqrt()
    assert at.grad[0, 0, 3, 4].item() == pytest.approx(3.5 * mean.item(), rel=1e-2)
    assert at.grad[0, 0, 0, 0] == 1 and at.grad.dtype == dtype


@pytest.mark.parametrize("walked", BOTH)
def test_a_network_with_dead_slopes_still_gives_numbers(walked):
    net = tiny.encoder(4).eval().requires_grad_(False)
    for weight in net.parameters():
        weight.zero_()
    assert not slope(gradient_twin(net, 8.0, walked), last(torch.rand(1, 3, 32, 32))).any()


@in_bytes
def test_bytes_come_close_to_the_real_thing(net, picture):
    walked, cut = gradient_twin(net, 8.0, True), gradient_twin(net, 8.0, False)
    true = net(picture)
    assert (walked(picture) - true).norm() < 0.1 * true.norm()
    one, other = slope(walked, picture).flatten(), slope(cut, picture).flatten()
    assert torch.cosine_similarity(one, other, 0) > 0.7
    assert one.norm().item() == pytest.approx(other.norm().item(), rel=0.2)


@in_bytes
@pytest.mark.parametrize("low", [0.0, -0.5])
def test_halving_in_bytes(low):
    torch.manual_seed(2)
    conv = nn.Conv2d(32, 32, 3, stride=2, padding=1, bias=False)
    x = last(low + torch.rand(2, 32, 24, 40)).requires_grad_(True)
    out, true = backward.Halving(conv)(x), conv(x)
    assert (out - true).norm() < 0.02 * true.norm()
    (back,) = torch.autograd.grad(out, x, torch.ones_like(out))
    assert torch.allclose(back, torch.autograd.grad(true, x, torch.ones_like(true))[0], atol=1e-5)


def test_the_entry_is_that_of_torch():
    torch.manual_seed(2)
    conv = nn.Conv2d(3, 16, 3, padding=1)
    x = last(torch.rand(2, 3, 24, 40)).requires_grad_(True)
    out, true = backward.FirstConvolution(conv)(x), conv(x)
    given = torch.randn(true.shape)
    assert torch.equal(out, true)
    (back,) = torch.autograd.grad(out, x, last(given))
    assert torch.allclose(back, torch.autograd.grad(true, x, given)[0], atol=1e-5)


@in_bytes
def test_nothing_flows_back_where_a_block_was_silent():
    torch.manual_seed(1)
    block = tiny.Block(32)
    with torch.no_grad():
        block.conv[4].bias.fill_(-1e3)  # the sum with x never passes the last ReLU
    (walked,) = gradient_twin(nn.Sequential(block), 8.0, True)
    at = last(torch.rand(1, 32, 8, 8)).requires_grad_(True)
    out = walked(at)
    out.sum().backward()
    assert not out.any() and not at.grad.any()


@in_bytes
@pytest.mark.parametrize("shift", [0.0, 0.9])  # little contrast; outlines in black and white
def test_bytes_reach_as_far_as_pictures_do_that_are_no_noise(net, picture, shift):
    extreme = 0.05 * picture if not shift else (picture > shift).float()
    walked, cut = gradient_twin(net, 8.0, True), gradient_twin(net, 8.0, False)
    true = net(extreme)
    assert (walked(extreme) - true).norm() < 0.1 * true.norm()
    one, other = slope(walked, extreme).flatten(), slope(cut, extreme).flatten()
    assert torch.cosine_similarity(one, other, 0) > 0.7


@in_bytes
def test_the_same_bytes_every_time(net, picture):
    walked = gradient_twin(net, 8.0, True)
    before = slope(walked, picture)
    slope(walked, picture.round())
    assert torch.equal(slope(walked, picture), before), "no other picture has changed anything"


@in_bytes
def test_a_slope_that_is_somebody_elses_is_left_alone():
    torch.manual_seed(1)
    (walked,) = gradient_twin(nn.Sequential(tiny.Block(32)), 8.0, True)
    x = last(torch.rand(1, 32, 8, 8)).requires_grad_(True)
    given = torch.ones(1, 1, 1, 1).expand(1, 32, 8, 8)
    torch.autograd.grad(walked(x), x, given)
    assert given.eq(1).all()


def test_a_network_without_such_blocks_is_walked_by_as_it_is():
    plain = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU())
    assert gradient_twin(plain, 8.0, True) is plain


@in_bytes
@pytest.mark.parametrize("low", [0.0, -0.7])
def test_a_convolution_in_bytes(low):
    draw = torch.Generator().manual_seed(2)
    x = last(low + torch.rand(1, 64, 24, 40, generator=draw))
    weight, bias = torch.randn(64, 64, 3, 3, generator=draw), torch.randn(64, generator=draw)
    scale, zero = span(x)
    assert zero == (MIDDLE if low else 0)
    conv = ByteConv.of(weight, bias)
    out = conv(rounded(x, scale, zero), scale, zero)
    true = torch.nn.functional.conv2d(x, weight, bias, padding=1)
    assert (out - true).norm() < 0.02 * true.norm()
    for middle in (0, MIDDLE):  # to bytes at once or in two: the kernel may round halves otherwise
        at_once = conv.again(rounded(x, scale, zero), scale, zero, 0.05, middle)
        assert (at_once.int() - rounded(out, 0.05, middle).int()).abs().max() <= 1
        assert at_once.min() == 0 and at_once.max() == TOP, "what is out of range is held"


@pytest.mark.filterwarnings("ignore:torch.quantize_per_tensor")  # said once a process
def test_rounding_holds_what_is_out_of_range_at_the_ends(monkeypatch):
    bytewise.usable()  # torch's one warning is heard there
    x = torch.tensor([[-9.0, -1.0, 0.0, 0.4, 1.0, 9.0]])
    assert rounded(x, 0.1, MIDDLE).tolist() == [[38, 118, 128, 132, 138, 218]]
    assert rounded(x, 0.01, 0).tolist() == [[0, 0, 0, 40, 100, 255]]
    noise = torch.randn(1, 4, 9, 9, generator=torch.Generator().manual_seed(3))
    usual = rounded(noise, 0.03, MIDDLE)
    monkeypatch.delattr(torch, "quantize_per_tensor")
    assert torch.equal(rounded(noise, 0.03, MIDDLE), usual), "without what torch will remove"


def test_a_cpu_that_gains_nothing_keeps_its_numbers(monkeypatch):
    bytewise.usable.cache_clear()
    monkeypatch.setattr(torch.cpu, "_is_vnni_supported", lambda: False)
    assert not device.choose("cpu").in_bytes
    bytewise.usable.cache_clear()


def test_a_torch_without_the_kernels_keeps_its_numbers(monkeypatch):
    def gone(*_):
        raise RuntimeError("no such operator")

    bytewise.usable.cache_clear()
    monkeypatch.setattr(torch.cpu, "_is_vnni_supported", lambda: True)
    monkeypatch.setattr(bytewise.ByteConv, "of", gone)
    assert not bytewise.usable()
    bytewise.usable.cache_clear()
