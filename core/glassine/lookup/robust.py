"""A look-up through a head that was trained on cloaked faces: anyone who has this program can put
one behind any network in seconds (Radiya-Dixit et al., 2022).

The head is linear, and trained on the gallery's other people only: it moves clean and cloaked
embeddings of a person to the mean of that person's clean ones. It is solved in closed form, so it
is the same each time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import torch
from torch import Tensor

from .rates import Named, Rates, found_by, rate, threshold

PENALTY = 0.1  # ridge penalty, over the mean squared length of the embeddings it is trained on

Head = Callable[[Tensor], Tensor]
"""(dims,) -> (dims,): an embedding as the head moves it."""


def through_heads(people: Sequence[str], cloaked: Named, clean: Named, probes: Named) -> Rates:
    """Rates of each cloaked person among clean others, through a head that never saw them."""
    rows = []
    for person in people:
        others = [row for row in clean if row[0] != person]
        taught = head([*(row for row in cloaked if row[0] != person), *others], others)
        own = [row for row in cloaked if row[0] == person]
        gallery, asked = (seen_through(taught, named) for named in ([*others, *own], probes))
        most = threshold(seen_through(taught, clean), asked)
        rows.append(found_by(person, gallery, asked, most))
    first, few, passed = zip(*rows, strict=True)
    return Rates(rate(first), rate(few), rate(passed))


def head(shown: Named, clean: Named) -> Head:
    """Ridge regression of the way from each shown embedding to the mean of that person's clean
    ones; directions in which nothing was shown stay as they are."""
    middles = {name: centre_of(row for who, row in clean if who == name) for name, _ in clean}
    rows = [(row, middles[name] - row) for name, row in shown if name in middles]
    seen, missing = (torch.stack(side).double() for side in zip(*rows, strict=True))
    gram = seen @ seen.T
    ridge = PENALTY * gram.diagonal().mean() * torch.eye(len(gram), dtype=gram.dtype)
    weights = torch.linalg.solve(gram + ridge, missing)

    def moved_by_head(row: Tensor) -> Tensor:
        moved: Tensor = row.double() + row.double() @ seen.T @ weights
        return moved.to(row.dtype)

    return moved_by_head


def centre_of(rows: Iterable[Tensor]) -> Tensor:
    return torch.stack(list(rows)).mean(0)


def seen_through(taught: Head, named: Named) -> Named:
    return [(name, taught(row)) for name, row in named]
