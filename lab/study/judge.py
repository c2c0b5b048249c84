"""The judges of samples: a classifier and a style distance, both on a held-out network.

SqueezeNet, trained by others on photographs, has nothing to do with the encoder that was optimised
against. The classifier is one linear layer over its features, trained here.
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..training import stepped

ROUNDS, DECAY = 300, 3e-3
LEAST = 128  # pixels; smaller pictures are enlarged before the network sees them


@torch.no_grad()
def features(picture: Tensor) -> Tensor:
    """(3, S, S) -> (4480,): mean and spread of every channel of seven layers."""
    found = [layer.flatten(2)[0] for layer in layers(picture)]
    return torch.cat([torch.cat((f.mean(1), f.std(1))) for f in found]).log1p()


def layers(picture: Tensor) -> Sequence[Tensor]:
    """Outputs of seven layers of the held-out network for (3, S, S)."""
    from glassine.visibility.lpips import lpips_net

    net = lpips_net(picture.device)
    if picture.shape[-1] < LEAST:
        picture = F.interpolate(picture[None], (LEAST, LEAST), mode="bicubic")[0]
    found: Sequence[Tensor] = net.net(net.scaling_layer(2 * picture[None] - 1))
    return found


class Classifier(nn.Module):
    """One linear layer over standardised features."""

    mean: Tensor
    spread: Tensor

    def __init__(self, labels: list[str], size: int = 4480) -> None:
        super().__init__()
        self.labels = labels
        self.head = nn.Linear(size, len(labels))
        self.register_buffer("mean", torch.zeros(size))
        self.register_buffer("spread", torch.ones(size))

    def forward(self, pictures: Tensor) -> Tensor:
        found = torch.stack([features(picture) for picture in pictures])
        votes: Tensor = self.head((found - self.mean) / self.spread)
        return votes


def trained(pictures: Tensor, labels: list[str], *, rounds: int = ROUNDS) -> Classifier:
    """A classifier of these labels, which all count alike; learns the pictures mirrored, too.
    Every run gives the same."""
    names = list(dict.fromkeys(labels))
    torch.manual_seed(0)
    judge = Classifier(names)
    found = torch.stack([features(p) for part in (pictures, pictures.flip(3)) for p in part])
    truth = torch.tensor([names.index(label) for label in labels] * 2)
    judge.mean.copy_(found.mean(0))
    judge.spread.copy_(found.std(0) + 1e-3)
    found = (found - judge.mean) / judge.spread
    weight = 1 / torch.bincount(truth).float()
    search = torch.optim.AdamW(judge.head.parameters(), lr=1e-3, weight_decay=DECAY)
    for _ in range(rounds):
        loss = F.cross_entropy(judge.head(F.dropout(found, 0.5)), truth, weight / weight.mean())
        stepped(search, loss)
    return judge.eval()


@torch.no_grad()
def called(judge: Classifier, pictures: Tensor) -> dict[str, float]:
    """Label -> share of the pictures that are called it."""
    votes = judge(pictures).argmax(1)
    return {name: (votes == at).float().mean().item() for at, name in enumerate(judge.labels)}


@torch.no_grad()
def accuracy(judge: Classifier, pictures: Tensor, labels: list[str]) -> float:
    votes = [judge.labels[at] for at in judge(pictures).argmax(1).tolist()]
    return fmean(vote == label for vote, label in zip(votes, labels, strict=True))


@torch.no_grad()
def grams(pictures: Tensor) -> list[Tensor]:
    """Style of a body of work: mean Gram matrices of the held-out network's layers."""
    total: list[Tensor] = []
    for picture in pictures:
        found = [gram(layer) for layer in layers(picture)]
        total = [a + b for a, b in zip(total, found, strict=True)] if total else found
    return [matrix / len(pictures) for matrix in total]


def gram(features: Tensor) -> Tensor:
    flat = features.flatten(2)[0]
    return flat @ flat.T / flat.shape[1]


def apart(one: Sequence[Tensor], other: Sequence[Tensor]) -> float:
    """Mean relative distance of two bodies of work, by their Gram matrices."""
    return fmean(
        ((a - b).norm() / (a.norm() * b.norm()).sqrt()).item()
        for a, b in zip(one, other, strict=True)
    )
