"""One search, three strengths: how much of the change to keep is decided after the search.

python examples/several_strengths.py [PICTURE]
"""

import sys
from dataclasses import replace
from pathlib import Path

from glassine import Intent, Score, optimise, plan, read, settle

LAKE = Path(__file__).with_name("lake.png")


def main(picture: Path = LAKE) -> None:
    artwork = read(picture)
    change = optimise(plan(artwork, Intent()))
    for score in (85, 70, 55):
        protected = settle(replace(change, plan=replace(change.plan, score=Score(score))))
        most = (protected.rgb - artwork.rgb).abs().max()
        print(f"{score}: largest change {255 * most:.0f} of 255 levels")


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
