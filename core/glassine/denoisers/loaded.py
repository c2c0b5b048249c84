"""Denoisers on a device. The one used last is kept: pictures follow one another."""

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

from ..errors import EntryMissing, OutOfMemory
from ..machine import memory
from ..machine.device import Device
from ..machine.weights.pipelines import read_json
from .base import Denoiser, Words
from .folder import VAE, Parts, parts_in
from .noise import Noise, noise_of

SCHEDULER = "scheduler/scheduler_config.json"
GIGABYTE = 1e9
HEAVY = 1e8  # weights; above it what lies between layers is computed twice, and not kept


@dataclass(frozen=True)
class Model:
    """A denoiser at hand, with one prompt.

    says          (noisy latents (B, C, h, w), times (B,)) -> what it takes for `noise.truth`
    scale, shift  from what the autoencoder gives to the latents that it learnt on
    net           the network itself, for who trains it
    """

    name: str
    says: Callable[[Tensor, Tensor], Tensor]
    noise: Noise
    scale: float
    shift: float
    net: nn.Module

    def latents(self, encoded: Tensor) -> Tensor:
        return (encoded - self.shift) * self.scale

    def error(self, latents: Tensor, noise: Tensor, at: Tensor) -> Tensor:
        """What it says less what it should have said: training lowers the mean square of this."""
        mixed = self.noise.mixed(latents, noise, at)
        return self.says(mixed, self.noise.times[at]) - self.noise.truth(latents, noise, at)

    def guessed_noise(self, latents: Tensor, noise: Tensor, at: Tensor) -> Tensor:
        """The noise that it takes to be in noised latents."""
        mixed = self.noise.mixed(latents, noise, at)
        return self.noise.noise_in(self.says(mixed, self.noise.times[at]), mixed, at)


def drawn_noise(latents: Tensor, seed: int) -> Tensor:
    """Of the latents' shape; the same for the same seed on every device."""
    return torch.randn(latents.shape, generator=Generator().manual_seed(seed)).to(latents)


def check_memory(parts: Parts, device: Device) -> None:
    """Raises OutOfMemory where its weights alone would not fit."""
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
    """Bytes that are free on it."""
    if device.kind == "cuda":
        return int(torch.cuda.mem_get_info()[0])
    return memory.available()


@lru_cache(maxsize=1)
def denoiser(folder: str, prompt: str, device: Device) -> Model:
    """The model of that folder, its prompt encoded once; the text encoders are let go again."""
    if not libraries_there():
        raise EntryMissing("denoiser", Path(folder).name, "diffusers")
    parts = parts_in(Path(folder))
    check_memory(parts, device)
    scheduler = read_json(parts.folder / SCHEDULER)
    words = worded(parts, prompt, device)
    net = network(parts, device)
    return Model(
        name=parts.folder.name,
        says=spoken(parts.entry, net, words, device),
        noise=noise_of(scheduler),
        scale=float(parts.vae.config.get("scaling_factor") or 1.0),
        shift=float(parts.vae.config.get("shift_factor") or 0.0),
        net=net,
    )


def libraries_there() -> bool:
    from importlib.util import find_spec

    return all(find_spec(name) for name in ("diffusers", "transformers"))


def network(parts: Parts, device: Device) -> nn.Module:
    """Only its inputs get gradients. A heavy one keeps nothing between its layers."""
    from diffusers import AutoModel

    net = from_folder(AutoModel, parts.net.folder, device.dtype, variant=parts.net.variant)
    if parts.net.numbers > HEAVY:
        net.enable_gradient_checkpointing()
    placed: nn.Module = net.eval().requires_grad_(False).to(device.kind)
    return placed


def autoencoder(parts: Parts, device: Device) -> Any:  # noqa: ANN401 - diffusers has no types
    """In float32: some give no numbers in less, and what is decoded is looked at."""
    from diffusers import AutoModel

    coder = from_folder(AutoModel, parts.vae.folder, torch.float32, variant=parts.vae.variant)
    return coder.eval().requires_grad_(False).to(device.kind)


def encoded(coder: Any, pictures: Tensor) -> Tensor:  # noqa: ANN401
    """(B, 3, h, w) in [0, 1] -> what the autoencoder gives, the mean where it gives chances."""
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
    """What diffusers loads from there: from safetensors, and never from elsewhere.

    Its newer versions would have the number format under another name, and say so each time.
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


def spoken(
    entry: Denoiser, net: nn.Module, words: Words, device: Device
) -> Callable[[Tensor, Tensor], Tensor]:
    """The network as a function of float32, its latents padded to what it takes."""

    def says(noisy: Tensor, times: Tensor) -> Tensor:
        high, wide = noisy.shape[2:]
        more = -wide % entry.multiple, -high % entry.multiple
        whole = F.pad(noisy, (0, more[0], 0, more[1]), mode="replicate") if any(more) else noisy
        inside = whole.to(device.kind, device.dtype)
        out = entry.guessed(net, inside, times.to(device.kind), words)
        return out[:, :, :high, :wide].float()

    return says
