"""The witness's networks: pixel unshuffle, wide depthwise kernels, norm over channels.

They share nothing with the tiny autoencoders (TAESD) that protection is optimised against: no
strided 3 x 3 convolutions, no ReLU, and a variational bottleneck that keeps latents near unit
variance.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

LATENTS = 8
FINE, COARSE = 64, 128  # channels at a quarter and at an eighth of the picture's size
KERNEL, WIDER = 7, 3


class Pointwise(nn.Linear):
    """A 1 x 1 convolution as a matrix product, (B, in, H, W) -> (B, out, H, W)."""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


class Norm(nn.LayerNorm):
    """Over the channels of each place by itself, and so independent of the picture's size."""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


class Block(nn.Module):
    """ConvNeXt's (Liu et al., 2022): x + mixed channels of a depthwise convolution of x."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.near = nn.Conv2d(width, width, KERNEL, padding=KERNEL // 2, groups=width)
        self.norm = Norm(width)
        self.out, self.back = Pointwise(width, WIDER * width), Pointwise(WIDER * width, width)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.back(F.gelu(self.out(self.norm(self.near(x)))))
        return x + y


def encoder() -> nn.Sequential:
    """(B, 3, H, W) in [0, 1] -> (B, 2 * LATENTS, H / 8, W / 8): means, then log variances."""
    return nn.Sequential(
        nn.PixelUnshuffle(4),
        nn.Conv2d(48, FINE, 3, padding=1),
        Block(FINE),
        nn.PixelUnshuffle(2),
        Pointwise(4 * FINE, COARSE),
        *(Block(COARSE) for _ in range(3)),
        Norm(COARSE),
        Pointwise(COARSE, 2 * LATENTS),
    )


def decoder() -> nn.Sequential:
    """(B, LATENTS, h, w) -> (B, 3, 8 h, 8 w), roughly in [0, 1]."""
    return nn.Sequential(
        nn.Conv2d(LATENTS, COARSE, 3, padding=1),
        *(Block(COARSE) for _ in range(2)),
        Pointwise(COARSE, 4 * FINE),
        nn.PixelShuffle(2),
        Block(FINE),
        nn.Conv2d(FINE, 48, 3, padding=1),
        nn.PixelShuffle(4),
    )


class Autoencoder(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.encoder, self.decoder = encoder(), decoder()

    def means(self, rgb: Tensor) -> Tensor:
        """The latents' means, without sampling: (B, LATENTS, H / 8, W / 8)."""
        return self.encoder(rgb).chunk(2, 1)[0]  # type: ignore[no-any-return]

    def forward(self, rgb: Tensor, draw: torch.Generator) -> tuple[Tensor, Tensor]:
        """(its reconstruction, the mean divergence of a latent from the unit normal, in nats)."""
        mean, spread = self.encoder(rgb).chunk(2, 1)
        spread = spread.clamp(-12, 4)
        chance = torch.randn(mean.shape, generator=draw)
        apart = (mean.square() + spread.exp() - 1 - spread).mean() / 2
        return self.decoder(mean + (spread / 2).exp() * chance), apart
