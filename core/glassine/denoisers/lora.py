"""LoRA: small matrices beside a denoiser's attention, trained in place of its weights (Hu et al.,
2021)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec

import torch
from torch import Generator, Tensor, nn

from ..errors import EntryMissing
from .loaded import Model, drawn_noise

LAYERS = ("to_q", "to_k", "to_v", "to_out.0")
MOMENTS = ("exp_avg", "exp_avg_sq", "step")
_SEEDS = 2**31


@dataclass(frozen=True)
class Pupil:
    """A model with LoRA matrices, and the optimiser that trains them.

    names  of the matrices among the network's parameters
    """

    model: Model
    optimiser: torch.optim.Optimizer
    names: tuple[str, ...]

    def learn(self, latents: Sequence[Tensor], draw: Generator) -> float:
        """One step of training on one of the latents, drawn at random; gives the loss before it.

        latents: (1, C, h, w) each, as the network was trained on them
        """
        which, level, seed = torch.randint(_SEEDS, (3,), generator=draw).tolist()
        one = latents[which % len(latents)]
        at = torch.tensor([level % len(self.model.noise.times)])
        with torch.enable_grad():
            loss = self.model.error(one, drawn_noise(one, seed), at).square().mean()
            gradients = torch.autograd.grad(loss, self.weights)
        for weight, gradient in zip(self.weights, gradients, strict=True):
            weight.grad = gradient
        self.optimiser.step()
        self.optimiser.zero_grad()
        return loss.item()

    @property
    def weights(self) -> list[nn.Parameter]:
        every = dict(self.model.net.named_parameters())
        return [every[name] for name in self.names]

    def state(self) -> dict[str, Tensor]:
        """What a stopped training resumes from: matrices and the optimiser's moments, by name."""
        found = {name: w.detach() for name, w in zip(self.names, self.weights, strict=True)}
        for name, weight in zip(self.names, self.weights, strict=True):
            moments = self.optimiser.state.get(weight, {})
            found |= {f"{kind}:{name}": moments[kind] for kind in MOMENTS if kind in moments}
        return {name: one.cpu().contiguous() for name, one in found.items()}

    @torch.no_grad()
    def recall(self, state: Mapping[str, Tensor]) -> None:
        """Restores what `state` gave."""
        for name, weight in zip(self.names, self.weights, strict=True):
            weight.copy_(state[name])
            moments = {kind: state.get(f"{kind}:{name}") for kind in MOMENTS}
            if moments["step"] is not None:
                self.optimiser.state[weight] = {
                    kind: one if kind == "step" else one.to(weight)
                    for kind, one in moments.items()
                    if one is not None
                }


def pupil(model: Model, rank: int, rate: float, seed: int) -> Pupil:
    """Adds LoRA matrices to the model's own network, so that its `says` uses them too."""
    if not find_spec("peft"):
        raise EntryMissing("denoiser", model.name, "peft")
    from peft import LoraConfig, inject_adapter_in_model

    with torch.random.fork_rng():  # peft draws its matrices from the global generator
        torch.random.manual_seed(seed)
        inject_adapter_in_model(LoraConfig(r=rank, target_modules=list(LAYERS)), model.net)
    names = tuple(name for name, one in model.net.named_parameters() if one.requires_grad)
    weights = [one for one in model.net.parameters() if one.requires_grad]
    return Pupil(model, torch.optim.AdamW(weights, lr=rate), names)
