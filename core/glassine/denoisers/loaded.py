"""Denoisers on a device. The one used last is cached for the next picture."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Generator, Tensor, nn

from ..errors import OutOfMemory, WeightsMissing
from ..machine import memory
from ..machine.device import Device
from ..machine.weights.pipelines import read_json
from .base import Denoiser, Words
from .folder import VAE, Parts, parts_in
from .noise import Noise, noise_of

SCHEDULER = "scheduler/scheduler_config.json"
GIGABYTE = 1e9
HEAVY = 1e8  # weights; a larger network uses gradient checkpointing: slower, in less memory


@dataclass(frozen=True)
class Model:
    """A loaded denoiser with one encoded prompt.

    says          (noisy latents (B, C, h, w), timesteps (B,)) -> its prediction of `noise.truth`
    scale, shift  turn the autoencoder's output into the latents that the network was trained on
    net           the network itself, for training
    """

    name: str
    says: Callable[[Tensor, Tensor], Tensor]
    noise: Noise
    scale: float
    shift: float
    net: nn.Module

    def latents(self, encoded: Tensor) -> Tensor:
        """The autoencoder's output -> latents as the network was trained on them."""
        return (encoded - self.shift) * self.scale

    def error(self, latents: Tensor, noise: Tensor, at: Tensor) -> Tensor:
        """Prediction less truth at levels `at` (B,); the loss of training is its mean square."""
        mixed = self.noise.mixed(latents, noise, at)
        return self.says(mixed, self.noise.times[at]) - self.noise.truth(latents, noise, at)

    def guessed_noise(self, latents: Tensor, noise: Tensor, at: Tensor) -> Tensor:
        """The noise that the network predicts in latents noised to levels `at` (B,)."""
        mixed = self.noise.mixed(latents, noise, at)
        return self.noise.noise_in(self.says(mixed, self.noise.times[at]), mixed, at)


def drawn_noise(latents: Tensor, seed: int) -> Tensor:
    """Gaussian noise of the latents' shape; the same for the same seed on every device."""
    return torch.randn(latents.shape, generator=Generator().manual_seed(seed)).to(latents)


def check_memory(parts: Parts, device: Device) -> None:
    """Raises OutOfMemory where the weights alone would not fit."""
    needed, there = parts.bytes_on(device), memory_of(device)
    if needed > there:
        raise OutOfMemory(
            "model.memory",
            folder=parts.folder,
            needed=needed / GIGABYTE,
            there=there / GIGABYTE,
            device=device.says,
        )


def memory_of(device: Device) -> int:
    """Free bytes on the device."""
    if device.kind == "cuda":
        return int(torch.cuda.mem_get_info()[0])
    return memory.available()


@lru_cache(maxsize=1)
def denoiser(folder: str, prompt: str, device: Device) -> Model:
    """The model in that folder, its prompt encoded once; the text encoders are freed again."""
    check_libraries()
    parts = parts_in(Path(folder))
    check_memory(parts, device)
    scheduler = read_json(parts.folder / SCHEDULER)
    words = worded(parts, prompt, device)
    net = network(parts, device)
    return Model(
        name=parts.folder.name,
        says=guesser(parts.entry, net, words, device),
        noise=noise_of(scheduler),
        scale=float(parts.vae.config.get("scaling_factor") or 1.0),
        shift=float(parts.vae.config.get("shift_factor") or 0.0),
        net=net,
    )


def check_libraries() -> None:
    """Raises WeightsMissing where a library is missing that every denoiser needs."""
    from importlib.util import find_spec

    for library in ("diffusers", "transformers"):
        if find_spec(library) is None:
            raise WeightsMissing("model.no_library", library=library)


def network(parts: Parts, device: Device) -> nn.Module:
    """The network, frozen: only its inputs get gradients."""
    from diffusers import AutoModel

    net = from_folder(AutoModel, parts.net.folder, device.dtype, variant=parts.net.variant)
    if parts.net.numbers > HEAVY:
        net.enable_gradient_checkpointing()
    placed: nn.Module = net.eval().requires_grad_(False).to(device.kind)
    return placed


def autoencoder(parts: Parts, device: Device) -> Any:  # noqa: ANN401 - diffusers has no types
    """The autoencoder in float32: in lower precision some give NaN, and people see its output."""
    from diffusers import AutoModel

    coder = from_folder(AutoModel, parts.vae.folder, torch.float32, variant=parts.vae.variant)
    return coder.eval().requires_grad_(False).to(device.kind)


def encoded(coder: Any, pictures: Tensor) -> Tensor:  # noqa: ANN401
    """(B, 3, h, w) in [0, 1] -> the autoencoder's output; the mean where that is a distribution."""
    coded = coder.encode(pictures.to(coder.device, coder.dtype) * 2 - 1)
    latents: Tensor = coded.latent_dist.mean if hasattr(coded, "latent_dist") else coded[0]
    return latents.float()


@torch.no_grad()
def worded(parts: Parts, prompt: str, device: Device) -> Words:
    """The prompt as the network takes it, encoded on the processor."""
    import diffusers

    entry = parts.entry
    variant = next((text.variant for text in parts.texts if text.variant), None)
    pipeline = from_folder(
        getattr(diffusers, entry.pipelines[0]),
        parts.folder,
        device.dtype if device.kind == "cpu" else torch.bfloat16,
        variant=variant,
        **dict.fromkeys((entry.part, VAE, *entry.unused)),
    )
    words = entry.worded(pipeline, prompt)
    return {name: one.to(device.kind, device.dtype) for name, one in words.items()}


def from_folder(kind: Any, place: Path, dtype: torch.dtype, **more: object) -> Any:  # noqa: ANN401
    """A diffusers class loaded from a local folder, from safetensors and never from the network.

    Newer versions have another name for `torch_dtype`, and their warning about it is silenced.
    """
    from diffusers.utils import logging as told
    from transformers.utils import logging as told_too

    for one in (told, told_too):
        one.disable_progress_bar()
        one.set_verbosity_error()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        return kind.from_pretrained(
            str(place), local_files_only=True, use_safetensors=True, torch_dtype=dtype, **more
        )


def guesser(
    entry: Denoiser, net: nn.Module, words: Words, device: Device
) -> Callable[[Tensor, Tensor], Tensor]:
    """The network as a function of float32 latents, which it pads to the multiple it needs."""

    def says(noisy: Tensor, times: Tensor) -> Tensor:
        high, wide = noisy.shape[2:]
        more = -wide % entry.multiple, -high % entry.multiple
        whole = F.pad(noisy, (0, more[0], 0, more[1]), mode="replicate") if any(more) else noisy
        inside = whole.to(device.kind, device.dtype)
        out = entry.guessed(net, inside, times.to(device.kind), words)
        return out[:, :, :high, :wide].float()

    return says
