"""Who says what a sample shows: a small classifier on pixels; a style distance on a held-out net.

Neither has anything to do with the encoder that was optimised against.
"""

from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import nn

SIDE = 64


class Classifier(nn.Module):
    """Four convolutions on 64 px; trained on real pictures of the same labels."""

    def __init__(self, labels):
        super().__init__()
        self.labels = labels
        widths, layers = (3, 32, 64, 96, 128), []
        for inside, outside in pairwise(widths):
            layers += [nn.Conv2d(inside, outside, 3, padding=1), nn.GroupNorm(8, outside), nn.ReLU()]
            layers += [nn.MaxPool2d(2)]
        self.body = nn.Sequential(*layers)
        self.head = nn.Linear(widths[-1], len(labels))

    def forward(self, pictures):
        small = F.interpolate(pictures, (SIDE, SIDE), mode="area")
        return self.head(F.dropout(self.body(small).mean((2, 3)), 0.2, self.training))


def trained(pictures, labels, *, through=None, seed=0, rounds=25):
    """`through`: what the samples went through too (the decoder), so that it is not judged."""
    names = list(dict.fromkeys(labels))
    torch.manual_seed(seed)
    judge, draw = Classifier(names), torch.Generator().manual_seed(seed)
    seen = through(pictures) if through else pictures
    pool = torch.cat((pictures, seen)) if through else pictures
    truth = torch.tensor([names.index(label) for label in labels])
    truth = torch.cat((truth, truth)) if through else truth
    weight = 1 / torch.bincount(truth).float()
    search = torch.optim.AdamW(judge.parameters(), lr=2e-3, weight_decay=1e-2)
    for _ in range(rounds):
        for part in torch.randperm(len(pool), generator=draw).split(64):
            if len(part) < 2:
                continue
            shown = shifted(pool[part], draw)
            loss = F.cross_entropy(judge(shown), truth[part], weight / weight.mean())
            search.zero_grad()
            loss.backward()
            search.step()
    return judge.eval()


def shifted(pictures, draw):
    """Mirrored or not, moved by up to eight pixels, a little darker or brighter."""
    if torch.rand((), generator=draw) < 0.5:
        pictures = pictures.flip(3)
    down, right = torch.randint(-8, 9, (2,), generator=draw).tolist()
    light = 0.85 + 0.3 * torch.rand((), generator=draw)
    return (torch.roll(pictures, (down, right), (2, 3)) * light).clamp(0, 1)


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
    """Style of a body of work: mean Gram matrices of SqueezeNet's layers (not a surrogate)."""
    from glassine import weights
    from glassine.visibility.lpips import FOLDER, loaded, taps

    trunk, _ = loaded(weights.find(FOLDER))
    total = None
    for picture in pictures:
        found = [gram(features) for features in taps(picture, trunk)]
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
