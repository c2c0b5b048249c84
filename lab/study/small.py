"""A latent diffusion model small enough to train on a processor: UNet2DConditionModel on TAESD,
or on an encoder that no protection was optimised against (`EYES`).

Pictures of 128 px become latents of 4 x 16 x 16 (64 px, with --side 64: 4 x 8 x 8); captions
become a few words looked up in a table that is trained along. `Small` and `stable.Stable` offer
the same things, so that the experiments do not know which of the two they are given: `latents`,
`finetuned`, `sampled`, `describe` and `side`.
"""

from __future__ import annotations

import copy
import os
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NamedTuple, Self

import torch
import torch.nn.functional as F
from diffusers import DDIMScheduler, DDPMScheduler, UNet2DConditionModel
from torch import Tensor, nn

from ..training import stepped
from .learners import beside

Coder = Callable[[Tensor], Tensor]


class Eyes(NamedTuple):
    """An encoder of pictures (N, 3, H, W) in [0, 1] at stride 8, and its way back."""

    encode: Coder
    decode: Coder
    channels: int = 4
    name: str = "taesd"


HOME, WITNESS = Path("/root/study"), "witness.pt"
SIDE, WORDS, WIDTH = 128, 6, 64
WITNESSED = (
    (-0.878, 0.103, 0.0, -0.058, 0.225, -0.524, -0.465, -0.174),
    (0.585, 0.157, 0.432, 0.240, 0.242, 0.520, 0.548, 0.410),
)
"""Mean and spread of the witness's latents over every twentieth concept picture at 64 px: latents
that are noised must have mean 0 and spread 1 or so, as TAESD's have."""
GUIDANCE, LOOKS = 3.0, 20
RATE, LORA_RATE, WORD_RATE = 3e-4, 2e-3, 3e-2  # of fine-tuning
DROPPED = 0.1  # share of captions left empty, for guidance
SAVE_EVERY = 100
STEADY = 0.998  # of the moving mean of the weights, with which samples are drawn


def pace(step: int, steps: int) -> float:
    """Factor of the rate: rises over the first fiftieth, 1, falls linearly over the last third."""
    return min(1.0, (step + 1) / max(1, steps // 50), 3 * (steps - step) / steps)


@torch.no_grad()
def remember(calm: Iterable[Tensor], now: Iterable[Tensor], share: float) -> None:
    for own, other in zip(calm, now, strict=True):
        own.lerp_(other, 1 - share)


class Captions(nn.Module):
    """Words -> (B, WORDS, WIDTH). Unknown words are added before training, never after."""

    def __init__(self, vocabulary: list[str]) -> None:
        super().__init__()
        self.number = {word: at + 1 for at, word in enumerate(vocabulary)}  # 0: no word
        self.table = nn.Embedding(len(vocabulary) + 1, WIDTH)
        self.place = nn.Parameter(torch.randn(WORDS, WIDTH) / 10)

    def numbers(self, captions: list[str]) -> Tensor:
        """(B, WORDS); 0 where there is no word."""
        rows = [[self.number.get(word, 0) for word in text.split()][:WORDS] for text in captions]
        return torch.tensor([row + [0] * (WORDS - len(row)) for row in rows])

    def forward(self, captions: list[str]) -> Tensor:
        words: Tensor = self.table(self.numbers(captions))
        return words + self.place


class OneWord(nn.Module):
    """The same captions, but only one word's vector is trained: textual inversion (Gal et al.,
    2022). That word begins with the vector of a known word."""

    def __init__(self, known: Captions, word: str, begins: str) -> None:
        super().__init__()
        self.known, self.number = known.requires_grad_(False), known.number[word]
        self.vector = nn.Parameter(known.table.weight[known.number[begins]].clone())

    def forward(self, captions: list[str]) -> Tensor:
        here = self.known.numbers(captions) == self.number
        others: Tensor = self.known.table(self.known.numbers(captions))
        return torch.where(here[:, :, None], self.vector, others) + self.known.place


def network(side: int, channels: int) -> Any:  # noqa: ANN401 - diffusers has no types
    return UNet2DConditionModel(
        sample_size=side // 8,
        in_channels=channels,
        out_channels=channels,
        block_out_channels=(32, 48, 64),
        layers_per_block=1,
        cross_attention_dim=WIDTH,
        attention_head_dim=16,
        norm_num_groups=16,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
    )


def hears(name: str) -> bool:
    """Whether a weight of the network looks at words."""
    return name.endswith(("attn2.to_k.weight", "attn2.to_v.weight"))


class Small:
    """A `Learner`: the network, the words it knows, and the encoder it sees through."""

    def __init__(
        self,
        vocabulary: list[str],
        eyes: Eyes,
        *,
        side: int = SIDE,
        seed: int = 0,
    ) -> None:
        torch.manual_seed(seed)
        self.side = side
        self.eyes = eyes
        self.unet = network(side, eyes.channels)
        self.words: Captions | OneWord = Captions(vocabulary)
        self.encode, self.decode = eyes.encode, eyes.decode
        self.noise = DDPMScheduler(
            num_train_timesteps=1000,
            beta_schedule="scaled_linear",
            clip_sample=False,  # latents reach beyond 1, pixels in [-1, 1] do not
        )

    def describe(self) -> dict[str, Any]:
        weights = sum(p.numel() for p in self.parameters())
        about = {"model": "small", "weights": weights, "side": self.side}
        return about | {"encoder": self.eyes.name}

    def parameters(self) -> list[nn.Parameter]:
        """What training changes: LoRA freezes the rest."""
        every = (*self.unet.parameters(), *self.words.parameters())
        return [p for p in every if p.requires_grad]

    def state(self) -> dict[str, Any]:
        return {"unet": self.unet.state_dict(), "words": self.words.state_dict()}

    def load(self, state: dict[str, Any]) -> None:
        self.unet.load_state_dict(state["unet"])
        self.words.load_state_dict(state["words"])

    @torch.no_grad()
    def latents(self, pictures: Tensor) -> Tensor:
        """(N, 3, side, side) -> (N, channels, side / 8, side / 8)."""
        return torch.cat([self.encode(part) for part in torch.split(pictures, 16)])

    def loss(self, latents: Tensor, captions: list[str], draw: torch.Generator) -> Tensor:
        noise = torch.randn(latents.shape, generator=draw)
        steps = torch.randint(0, 1000, (len(latents),), generator=draw)
        drop = torch.rand(len(captions), generator=draw) < DROPPED
        words = self.words(["" if d else c for c, d in zip(captions, drop, strict=True)])
        guess = self.unet(self.noise.add_noise(latents, noise, steps), steps, words).sample
        return F.mse_loss(guess, noise)

    def train(
        self,
        latents: Tensor,
        captions: list[str],
        steps: int,
        *,
        seed: int,
        rate: float,
        batch: int = 16,
        odds: Tensor | None = None,
        file: Path | None = None,
        told: Callable[[int, float, float], None] | None = None,
    ) -> Self:
        """Adam with a warm start, falling over the last third; ends with its mean weights.

        odds: how often each picture is drawn; `file`: from which a stopped run resumes;
        `told(step, loss, seconds)` gets the curve
        """
        search = torch.optim.AdamW(self.parameters(), lr=rate)
        odds = torch.ones(len(latents)) if odds is None else odds
        done, spent = 0, 0.0
        mean: list[float] = []
        calm: list[Tensor] = []
        if file and file.exists():
            kept = torch.load(file, weights_only=True)
            self.load(kept["raw"])
            search.load_state_dict(kept["search"])
            done, spent, calm = kept["done"], kept["spent"], kept["calm"]
        calm = calm or [p.detach().clone() for p in self.parameters()]
        began = time.monotonic()
        for step in range(done, steps):
            draw = torch.Generator().manual_seed(seed * 1_000_003 + step)  # the same after a stop
            for group in search.param_groups:
                group["lr"] = rate * pace(step, steps)
            mean.append(self.step(latents, captions, odds, batch, draw, search))
            remember(calm, self.parameters(), min(STEADY, (step + 1) / (step + 10)))
            if told and ((step + 1) % SAVE_EVERY == 0 or step + 1 == steps):
                seconds = spent + time.monotonic() - began
                told(step + 1, sum(mean) / len(mean), seconds)
                mean = []
            if file and ((step + 1) % SAVE_EVERY == 0 or step + 1 == steps):
                kept = {"raw": self.state(), "search": search.state_dict(), "calm": calm}
                kept |= {"done": step + 1, "spent": spent + time.monotonic() - began}
                torch.save(kept, file.with_suffix(".part"))
                os.replace(file.with_suffix(".part"), file)
        self.settle(calm)
        return self

    def step(
        self,
        latents: Tensor,
        captions: list[str],
        odds: Tensor,
        batch: int,
        draw: torch.Generator,
        search: torch.optim.Optimizer,
    ) -> float:
        chosen = torch.multinomial(odds, batch, replacement=True, generator=draw)
        flip = torch.rand(batch, generator=draw) < 0.5
        part = latents[chosen]
        part = torch.where(flip[:, None, None, None], part.flip(3), part)
        loss = self.loss(part, [captions[i] for i in chosen], draw)
        return stepped(search, loss, self.parameters())

    @torch.no_grad()
    def settle(self, calm: Iterable[Tensor]) -> None:
        for own, other in zip(self.parameters(), calm, strict=True):
            own.copy_(other)

    def finetuned(
        self,
        latents: Tensor,
        captions: list[str],
        *,
        seed: int,
        steps: int = 150,
        rate: float | None = None,
        odds: Tensor | None = None,
        lora: bool = False,
    ) -> Self:
        """A copy that was trained further on these; this one stays as it is.

        lora: trains low-rank matrices beside the attention, and the words, not all weights
        """
        other = copy.copy(self)
        other.unet, other.words = copy.deepcopy(self.unet), copy.deepcopy(self.words)
        rate = rate or (LORA_RATE if lora else RATE)
        if not lora:
            return other.train(latents, captions, steps, seed=seed, rate=rate, odds=odds)
        other.unet = beside(other.unet, seed)
        other.train(latents, captions, steps, seed=seed, rate=rate, odds=odds)
        other.unet = other.unet.merge_and_unload()
        return other

    def inverted(
        self,
        latents: Tensor,
        captions: list[str],
        word: str,
        begins: str,
        *,
        seed: int,
        steps: int = 150,
    ) -> Self:
        """A copy in which only that word's vector was trained, on these."""
        assert isinstance(self.words, Captions), "a word was taught already"
        other = copy.copy(self)
        other.unet = copy.deepcopy(self.unet).requires_grad_(False)
        other.words = OneWord(copy.deepcopy(self.words), word, begins)
        return other.train(latents, captions, steps, seed=seed, rate=WORD_RATE)

    @torch.no_grad()
    def sampled(self, caption: str, count: int, *, seed: int) -> Tensor:
        """(count, 3, side, side) in [0, 1]: DDIM with guidance."""
        draw = torch.Generator().manual_seed(seed)
        schedule = DDIMScheduler.from_config(self.noise.config)
        schedule.set_timesteps(LOOKS)
        x = torch.randn(count, self.eyes.channels, *(self.side // 8,) * 2, generator=draw)
        words = self.words([caption] * count + [""] * count)
        for step in schedule.timesteps:
            asked, free = self.unet(torch.cat((x, x)), step, words).sample.chunk(2)
            x = schedule.step(free + GUIDANCE * (asked - free), step, x).prev_sample
        return torch.cat([self.decode(part) for part in torch.split(x, 16)]).clamp(0, 1)


def taesd(_: Path) -> Eyes:
    """Stable Diffusion 1's tiny autoencoder, from the models folder."""
    from glassine.machine import weights
    from glassine.machine.device import choose
    from glassine.surrogates import SURROGATES, encoders

    (encode,) = encoders.encoders("sd15", choose("cpu")).values()
    decoder = SURROGATES["sd15"].sees
    assert decoder
    return Eyes(encode, decoder(weights.folder_of("taesd")))


def witness(home: Path) -> Eyes:
    """Our own encoder, from WITNESS in `home`, made by `python -m lab.study.witness.train`."""
    from .witness.net import LATENTS, Autoencoder

    net = Autoencoder()
    net.load_state_dict(torch.load(home / WITNESS, weights_only=True)["calm"])
    net.eval().requires_grad_(False)
    mean, spread = (torch.tensor(row)[:, None, None] for row in WITNESSED)

    def encode(rgb: Tensor) -> Tensor:
        return (net.means(rgb) - mean) / spread

    def decode(latents: Tensor) -> Tensor:
        made: Tensor = net.decoder(latents * spread + mean)
        return made

    return Eyes(encode, decode, LATENTS, "witness")


EYES: dict[str, Callable[[Path], Eyes]] = {"taesd": taesd, "witness": witness}
"""Encoders that the model can learn through. Cloaks are made only against the first, or against the
embedded surrogate, which imitates it."""
