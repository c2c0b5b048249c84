"""A local model, ready to be probed: its autoencoder, its denoiser, and its encoded captions."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from inspect import signature
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from ..denoisers.base import Words
from ..denoisers.folder import VAE, Parts
from ..denoisers.loaded import (
    HEAVY,
    SCHEDULER,
    autoencoder,
    check_memory,
    encoded,
    from_folder,
    guesser,
    network,
)
from ..denoisers.noise import Noise, noise_of
from ..errors import EntryMissing, WeightsMissing
from ..machine.device import Device
from ..machine.weights.pipelines import CONFIG, INDEX, numbers_in, read_json, weight_files

SIDE = 1024
"""Side of the pictures in pixels, where the model's configuration does not tell."""

FEW = 8  # latents that go through the denoiser at once, where the model is not large

Says = Callable[[Tensor, Tensor], Tensor]


@dataclass(frozen=True)
class Local:
    """A model in a folder, as an `asked.Asked`.

    side      of its pictures, in pixels
    guided    whether it needs classifier-free guidance; a distilled model has it built in
    together  latents that go through the denoiser at once: with a large model one
    says      caption -> the denoiser with that caption
    coder     the autoencoder; `scale` and `shift` of its latents
    """

    side: int
    guided: bool
    together: int
    says: Mapping[str, Says]
    noise: Noise
    coder: Any
    scale: float
    shift: float

    def encode(self, pictures: Tensor) -> Tensor:
        latents = torch.cat([encoded(self.coder, one[None]) for one in pictures])
        return (latents - self.shift) * self.scale

    def decode(self, latents: Tensor) -> Tensor:
        inside = latents / self.scale + self.shift
        where = self.coder.device, self.coder.dtype
        each = [self.coder.decode(one[None].to(*where)).sample for one in inside]
        made: Tensor = torch.cat(each).float().cpu() / 2 + 0.5
        return made

    def at(self, level: float) -> int:
        """The number of that noise level among the model's."""
        count = len(self.noise.times)
        return min(round(level * count), count - 1)

    def shares(self, level: float) -> tuple[float, float]:
        at = self.at(level)
        return float(self.noise.signal[at]), float(self.noise.spread[at])

    def parted(self, mixed: Tensor, level: float, caption: str) -> tuple[Tensor, Tensor]:
        parts = torch.split(mixed, self.together)
        rows = [self.parted_few(part, self.at(level), caption) for part in parts]
        clean, noise = (torch.cat(side) for side in zip(*rows, strict=True))
        return clean, noise

    def parted_few(self, mixed: Tensor, at: int, caption: str) -> tuple[Tensor, Tensor]:
        which = torch.full((len(mixed),), at)
        guess = self.says[caption](mixed, self.noise.times[which])
        return self.noise.parted(guess, mixed, which)


@torch.no_grad()
def local_model(
    parts: Parts, captions: Iterable[str], device: Device, *, side: int | None, lora: Path | None
) -> Local:
    """The model of that folder with these captions encoded.

    Raises WeightsMissing, EntryMissing or OutOfMemory.

    side  None: the side for which the model was made
    lora  a LoRA file to add to its denoiser
    """
    check_memory(parts, device)
    words = all_worded(parts, dict.fromkeys(("", *captions)), device)
    net = network(parts, device)
    if lora:
        net = with_lora(parts, net, lora)
    config = parts.vae.config
    return Local(
        side=side or side_of(parts),
        guided=not parts.net.config.get("guidance_embeds", False),
        together=1 if parts.net.numbers > HEAVY else FEW,
        says={one: guesser(parts.entry, net, told, device) for one, told in words.items()},
        noise=noise_of(read_json(parts.folder / SCHEDULER)),
        coder=autoencoder(parts, device),
        scale=float(config.get("scaling_factor") or 1.0),
        shift=float(config.get("shift_factor") or 0.0),
    )


def all_worded(parts: Parts, captions: Iterable[str], device: Device) -> Mapping[str, Words]:
    """Each caption, encoded for the network; the text encoders are loaded for this only."""
    import diffusers

    entry = parts.entry
    pipeline = from_folder(
        getattr(diffusers, entry.pipelines[0]),
        parts.folder,
        device.dtype if device.kind == "cpu" else torch.bfloat16,
        variant=next((text.variant for text in parts.texts if text.variant), None),
        **dict.fromkeys((entry.part, VAE, *entry.unused)),
    )
    found: dict[str, Words] = {}
    for caption in captions:
        words = entry.worded(pipeline, caption)
        found[caption] = {name: one.to(device.kind, device.dtype) for name, one in words.items()}
    return found


def side_of(parts: Parts) -> int:
    """Side in pixels of the pictures for which the model was made."""
    latents = parts.net.config.get("sample_size")
    stages = len(parts.vae.config.get("block_out_channels") or ()) or 4
    if isinstance(latents, int) and parts.entry.part == "unet":
        return int(latents * 2 ** (stages - 1))
    return SIDE


def with_lora(parts: Parts, net: nn.Module, file: Path) -> nn.Module:
    """The network with a LoRA file added; the file's part for text encoders is ignored."""
    if not find_spec("peft"):
        raise EntryMissing("denoiser", file.name, "peft")
    import diffusers

    kind = getattr(diffusers, parts.entry.pipelines[0])
    part = parts.entry.part
    try:
        state = kind.lora_state_dict(str(file), local_files_only=True, use_safetensors=True)
        state, alphas = state if isinstance(state, tuple) else (state, None)
        load = getattr(kind, f"load_lora_into_{part}")
        scaled = "network_alphas" in signature(load).parameters  # SD 3's loader takes none
        load(state, **{part: net}, **({"network_alphas": alphas} if scaled else {}))
    except (ValueError, KeyError, RuntimeError, OSError) as error:
        raise WeightsMissing("probe.no_lora", file=file, model=parts.folder.name) from error
    if not any("lora" in name for name, _ in net.named_parameters()):
        raise WeightsMissing("probe.no_lora", file=file, model=parts.folder.name)
    return net.eval().requires_grad_(False)


def check_lora(file: Path) -> None:
    """Raises WeightsMissing where the file is missing or no complete safetensors file."""
    if not file.is_file():
        raise WeightsMissing("probe.lora_absent", file=file)
    numbers_in(file)


def digests(parts: Parts, lora: Path | None) -> dict[str, str]:
    """Every file on which the model's answers depend -> its sha256."""
    networks = [parts.net.folder, parts.vae.folder, *(one.folder for one in parts.texts)]
    every = [parts.folder / INDEX, parts.folder / SCHEDULER]
    for place in networks:
        every += [place / CONFIG, *weight_files(place)]
    found = {str(one.relative_to(parts.folder)): sha256_of(one) for one in every}
    return found | ({lora.name: sha256_of(lora)} if lora else {})


def sha256_of(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
