"""TAESD-type encoders of any width, as plain functions: the shapes come from the weights.

The layout is that of the tiny autoencoders by O. Boer Bohan (MIT): conv3x3, one block at full size,
then three times a stride-2 convolution and up to three blocks, then conv3x3 to the latents. A
thinned branch has fewer channels in a stage, fewer inside a block, or fewer blocks; everything is
read off the tensors, so a file needs no configuration.
"""

from collections.abc import Mapping

import torch.nn.functional as F
from torch import Tensor, nn

LAST = 14  # index of the output convolution in the encoders' own numbering
STRIDED = (2, 6, 10)


class Block(nn.Module):
    """relu(conv-relu-conv-relu-conv(x) + x), (B, C, H, W) to same; FLUX.2's adds a pool first."""

    def __init__(self, conv: nn.Sequential, pool: nn.Sequential | None = None) -> None:
        super().__init__()
        self.conv, self.pool = conv, pool

    def forward(self, x: Tensor) -> Tensor:
        if self.pool is not None:
            x = x + self.pool(x)
        return F.relu_(self.conv(x).add_(x))


class Pointwise(nn.Module):
    """A 1 x 1 convolution as the matrix product it is, on channels that lie last.

    On one thread torch runs 1 x 1 convolutions in an unvectorised loop, and a step takes a quarter
    longer.
    """

    def __init__(self, weight: Tensor, bias: Tensor | None) -> None:
        super().__init__()
        self.weight = nn.Parameter(weight.clone(), requires_grad=False)
        self.bias = None if bias is None else nn.Parameter(bias.clone(), requires_grad=False)

    def forward(self, x: Tensor) -> Tensor:
        return F.linear(x.permute(0, 2, 3, 1), self.weight, self.bias).permute(0, 3, 1, 2)


class Unfilled(nn.Conv2d):
    """A convolution that is not filled at random first: that takes longer than reading its file."""

    def reset_parameters(self) -> None:
        pass


def _conv(state: Mapping[str, Tensor], key: str, stride: int = 1) -> nn.Module:
    """A convolution, or its factors 1x1, 3x3, 1x1: `key.0` to `.2`, outer ones may be missing."""
    if f"{key}.1.weight" in state:
        factors = nn.Sequential()
        for i in (0, 1, 2):
            if f"{key}.{i}.weight" in state:
                factors.add_module(str(i), _conv(state, f"{key}.{i}", stride if i == 1 else 1))
        return factors
    weight, bias = state[f"{key}.weight"], state.get(f"{key}.bias")
    out, into, size, _ = weight.shape
    if size == 1:
        return Pointwise(weight[:, :, 0, 0], bias)
    conv = Unfilled(into, out, size, stride, size // 2, bias=bias is not None)
    conv.weight.data.copy_(weight)
    if bias is not None and conv.bias is not None:
        conv.bias.data.copy_(bias)
    return conv


def _norm(state: Mapping[str, Tensor], key: str) -> nn.GroupNorm:
    norm = nn.GroupNorm(4, state[f"{key}.weight"].numel())
    norm.weight.data.copy_(state[f"{key}.weight"])
    norm.bias.data.copy_(state[f"{key}.bias"])
    return norm


def _block(state: Mapping[str, Tensor], key: str) -> Block:
    conv = [_conv(state, f"{key}.conv.{i}") for i in (0, 2, 4)]
    chain = nn.Sequential(conv[0], nn.ReLU(inplace=True), conv[1], nn.ReLU(inplace=True), conv[2])
    if f"{key}.pool.0.weight" not in state:
        return Block(chain)
    return Block(
        chain,
        nn.Sequential(
            _conv(state, f"{key}.pool.0"),
            _norm(state, f"{key}.pool.1"),
            nn.ReLU(),
            _conv(state, f"{key}.pool.3"),
        ),
    )


def encoder(state: Mapping[str, Tensor]) -> nn.Sequential:
    """One branch from its tensors: (B,3,H,W) in [0,1] to (B,C,H/8,W/8) in the teacher's own units.

    H and W are multiples of 8. Blocks that the weights do not name are left out; the others keep
    their names.
    """
    layers = nn.Sequential()
    for i in range(LAST + 1):
        if f"{i}.weight" in state or f"{i}.1.weight" in state:
            layers.add_module(str(i), _conv(state, str(i), 2 if i in STRIDED else 1))
        elif any(f"{i}.conv.0{part}.weight" in state for part in ("", ".1")):
            layers.add_module(str(i), _block(state, str(i)))
    return layers


def branches(state: Mapping[str, Tensor]) -> dict[str, nn.Module]:
    """Every family in the file: tensors are called `family.layer...`, as `sd3.1.conv.0.weight`."""
    families = dict.fromkeys(key.split(".", 1)[0] for key in state)
    return {
        family: encoder(
            {
                key.split(".", 1)[1]: value
                for key, value in state.items()
                if key.startswith(family + ".")
            }
        )
        .eval()
        .requires_grad_(False)
        for family in families
    }


def written(net: nn.Module) -> dict[str, Tensor]:
    """Copies of its tensors as they stand in a file: a matrix becomes a 1 x 1 convolution."""
    state = {key: value.clone() for key, value in net.state_dict().items()}
    return {k: v[:, :, None, None] if v.dim() == 2 else v for k, v in state.items()}


def tensors(nets: Mapping[str, nn.Module]) -> dict[str, Tensor]:
    """The inverse of `branches`: what to write into the file."""
    return {
        f"{family}.{key}": value
        for family, net in nets.items()
        for key, value in written(net).items()
    }
