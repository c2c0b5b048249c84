"""Prints how much handling and removal leave of a protection's effect.

python examples/what_survives.py [PICTURE]
"""

import sys
from pathlib import Path

from glassine import Intent, optimise, plan, read, settle, verify

LAKE = Path(__file__).with_name("lake.png")
TRIED = ("jpeg75", "half", "adverse_cleaner")


def main(picture: Path = LAKE) -> None:
    protected = settle(optimise(plan(read(picture), Intent())))
    report = verify(protected, purifiers=TRIED)
    for trial in report.trials:
        print(trial.skipped or f"{trial.says}: {trial.left:.0%} of the effect is left")


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
