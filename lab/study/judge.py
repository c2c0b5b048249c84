"""Who says what a sample shows: a classifier and a style distance, both on a held-out network.

SqueezeNet, trained by others on photographs, has nothing to do with the encoder that was optimised
against. What is learnt here is one linear layer over its features.
"""

import torch
import torch.nn.functional as F
from torch import nn

ROUNDS, DECAY = 300, 3e-3
LEAST = 128  # pixels; smaller pictures are enlarged before the network sees them


@torch.no_grad()
def features(picture):
    """(3, S, S) -> (4480,): mean and spread of every channel of seven layers."""
    found = [layer.flatten(2)[0] for layer in layers(picture)]
    return torch.cat([torch.cat((f.mean(1), f.std(1))) for f in found]).log1p()


def layers(picture):
    from glassine import weights
    from glassine.visibility.lpips import FOLDER, loaded, taps

    trunk, _ = loaded(weights.find(FOLDER), picture.device)
    if picture.shape[-1] < LEAST:
        picture = F.interpolate(picture[None], (LEAST, LEAST), mode="bicubic")[0]
    return taps(picture, trunk)


class Classifier(nn.Module):
    """One linear layer over standardised features."""

    def __init__(self, labels, size=4480):
        super().__init__()
        self.labels = labels
        self.head = nn.Linear(size, len(labels))
        self.register_buffer("mean", torch.zeros(size))
        self.register_buffer("spread", torch.ones(size))

    def forward(self, pictures):
        return self.head((torch.stack([features(p) for p in pictures]) - self.mean) / self.spread)


def trained(pictures, labels, *, rounds=ROUNDS):
    """Every label counts alike; mirrored pictures are learnt too. The same on every run."""
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
        search.zero_grad()
        loss.backward()
        search.step()
    return judge.eval()


@torch.no_grad()
def called(judge, pictures):
    """Label -> share of the pictures that are called it."""
    votes = judge(pictures).argmax(1)
    return {name: (votes == at).float().mean().item() for at, name in enumerate(judge.labels)}


@torch.no_grad()
def accuracy(judge, pictures, labels):
    votes = [judge.labels[at] for at in judge(pictures).argmax(1).tolist()]
    return sum(vote == label for vote, label in zip(votes, labels, strict=True)) / len(votes)


@torch.no_grad()
def grams(pictures):
    """Style of a body of work: mean Gram matrices of the held-out network's layers."""
    total = None
    for picture in pictures:
        found = [gram(layer) for layer in layers(picture)]
        total = found if total is None else [a + b for a, b in zip(total, found, strict=True)]
    return [matrix / len(pictures) for matrix in total]


def gram(features):
    flat = features.flatten(2)[0]
    return flat @ flat.T / flat.shape[1]


def apart(one, other):
    """Mean relative distance of two bodies' Gram matrices."""
    return sum(
        ((a - b).norm() / (a.norm() * b.norm()).sqrt()).item()
        for a, b in zip(one, other, strict=True)
    ) / len(one)
