"""Where the faces of a picture are, photographed or drawn, as far as MTCNN sees them.

The picture is looked at in ever smaller copies; what the first network suspects, the second and
the last look at more closely. On a picture with more pixels than PIXELS a smaller copy is looked
at, so a face that is small beside its picture may be missed there.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from ..embedders.base import CENTRED
from ..types import Face
from .mtcnn import LARGE, MIDDLE, SMALL, Cascade, cascade

SMALLEST = 20  # pixels; side of the smallest face that is looked for
PIXELS = 2_000_000
SHRINK = 0.709  # from one copy to the next: half the pixels
SURE = (0.6, 0.7, 0.8)  # what the first, the second and the last network have to be
SUSPECTS = 1000  # boxes that are looked at more closely, the surest ones
STRIDE = 2  # pixels of a copy between two places of the first network


@torch.no_grad()
def find_faces(rgb: Tensor) -> tuple[Face, ...]:
    """(3, H, W) in [0, 1] on white -> the faces in it, from left to right."""
    height, width = rgb.shape[1:]
    factor = min(1.0, (PIXELS / (height * width)) ** 0.5)
    net = cascade()
    (low,), (high,) = CENTRED
    picture = resized(rgb.float().cpu(), factor) * (high - low) + low
    boxes = closer(net, picture, suspected(net, picture))
    boxes, sure, points = surest(net, picture, boxes)
    found = [
        Face(
            box=tuple(value / factor for value in box),
            points=tuple((x / factor, y / factor) for x, y in where),
            sure=how,
        )
        for box, how, where in zip(boxes.tolist(), sure.tolist(), points.tolist(), strict=True)
    ]
    return tuple(sorted(found, key=lambda face: face.box))


def resized(picture: Tensor, factor: float) -> Tensor:
    """(3, H, W), reduced by the mean of what falls together."""
    if factor == 1:
        return picture
    size = tuple(max(1, round(side * factor)) for side in picture.shape[1:])
    return F.interpolate(picture[None], size, mode="area")[0]


def suspected(net: Cascade, picture: Tensor) -> Tensor:
    """(N, 4): what the first network takes for faces in some copy of the picture."""
    factor, found, scores = SMALL / SMALLEST, [torch.zeros(0, 4)], [torch.zeros(0)]
    while min(picture.shape[1:]) * factor >= SMALL:
        sure, moves = net.first(resized(picture, factor)[None])
        down, across = (sure >= SURE[0]).nonzero(as_tuple=True)
        corner = STRIDE * torch.stack([across, down], 1).float()
        boxes = torch.cat([corner + 1, corner + SMALL], 1).div(factor).floor()
        score, boxes = sure[down, across], moved(boxes, moves[:, down, across].T)
        keep = not_overlapping(boxes, score, 0.5)
        found.append(boxes[keep])
        scores.append(score[keep])
        factor *= SHRINK
    boxes, score = torch.cat(found), torch.cat(scores)
    return squares(boxes[not_overlapping(boxes, score, 0.7)])


def closer(net: Cascade, picture: Tensor, boxes: Tensor) -> Tensor:
    """(N, 4): those that the second network takes for faces too, put right."""
    boxes = inside(boxes, picture)
    if not len(boxes):
        return boxes
    sure, moves = net.second(cut_out(picture, boxes, MIDDLE))
    keep = sure > SURE[1]
    boxes, sure = moved(boxes[keep], moves[keep]), sure[keep]
    return squares(boxes[not_overlapping(boxes, sure, 0.7)])


def surest(net: Cascade, picture: Tensor, boxes: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """(N, 4), (N,), (N, 5, 2): the faces, how sure it is, and their points."""
    boxes = inside(boxes, picture)
    if not len(boxes):
        return torch.zeros(0, 4), torch.zeros(0), torch.zeros(0, 5, 2)
    sure, moves, points = net.last(cut_out(picture, boxes, LARGE))
    keep = sure > SURE[2]
    boxes, sure = boxes[keep], sure[keep]
    across, down = points[keep].view(-1, 2, 5).unbind(1)
    width, height = boxes[:, 2:3] - boxes[:, :1], boxes[:, 3:] - boxes[:, 1:2]
    where = torch.stack([boxes[:, :1] + across * width, boxes[:, 1:2] + down * height], 2)
    boxes = moved(boxes, moves[keep])
    keep = not_overlapping(boxes, sure, 0.7, of_smaller=True)
    return boxes[keep], sure[keep], where[keep]


def not_overlapping(
    boxes: Tensor, sure: Tensor, most: float, *, of_smaller: bool = False
) -> Tensor:
    """Which of them stay, the surest first: none that shares more than `most` with a surer one.

    of_smaller  of the smaller one's area; else of the area of both together
    """
    order, kept = sure.argsort(descending=True)[:SUSPECTS], list[int]()
    areas = (boxes[:, 2:] - boxes[:, :2]).clamp_min(0).prod(1).clamp_min(1e-6)
    while len(order):
        first, rest = int(order[0]), order[1:]
        low = torch.maximum(boxes[first, :2], boxes[rest, :2])
        high = torch.minimum(boxes[first, 2:], boxes[rest, 2:])
        both = (high - low).clamp_min(0).prod(1)
        smaller = torch.minimum(areas[first], areas[rest])
        whole = smaller if of_smaller else areas[first] + areas[rest] - both
        kept.append(first)
        order = rest[both / whole <= most]
    return torch.tensor(kept, dtype=torch.long)


def moved(boxes: Tensor, moves: Tensor) -> Tensor:
    """Each side by a share of the box's width or height."""
    sides = (boxes[:, 2:] - boxes[:, :2]).repeat(1, 2)
    return boxes + moves * sides


def squares(boxes: Tensor) -> Tensor:
    """As large as the longer side, around the same middle."""
    middle, sides = (boxes[:, :2] + boxes[:, 2:]) / 2, boxes[:, 2:] - boxes[:, :2]
    half = sides.amax(1, keepdim=True) / 2
    return torch.cat([middle - half, middle + half], 1)


def inside(boxes: Tensor, picture: Tensor) -> Tensor:
    """Those of which at least a pixel each way is in the picture, and that are squares at all."""
    height, width = picture.shape[1:]
    there = (boxes[:, 2] > 1) & (boxes[:, 3] > 1)
    there &= (boxes[:, 0] < width - 1) & (boxes[:, 1] < height - 1)
    return boxes[there & (boxes[:, 2] - boxes[:, 0] >= 1)]


def cut_out(picture: Tensor, boxes: Tensor, size: int) -> Tensor:
    """(N, 3, size, size): what of each box is in the picture, as large as a network wants it."""
    height, width = picture.shape[1:]
    parts = []
    for left, top, right, bottom in boxes.round().int().tolist():
        rows = slice(max(top, 0), max(min(bottom, height), max(top, 0) + 1))
        columns = slice(max(left, 0), max(min(right, width), max(left, 0) + 1))
        parts.append(F.interpolate(picture[None, :, rows, columns], (size, size), mode="area"))
    return torch.cat(parts)
