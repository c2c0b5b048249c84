"""Protects a picture, step by step: python examples/protect_one.py [PICTURE] [COPY]"""

import sys
from pathlib import Path

from glassine import Export, Intent, encode, mark, optimise, plan, read, settle, verify

LAKE = Path(__file__).with_name("lake.png")


def main(picture: Path = LAKE, copy: Path = Path("protected.png")) -> None:
    artwork = read(picture)
    chosen = plan(artwork, Intent(export=Export(marks=("xmp",))))
    protected = mark(settle(optimise(chosen)))
    report = verify(protected)
    copy.write_bytes(encode(protected, report).data)
    print(f"SSIMULACRA2 {report.cost.ssimulacra2:.1f} (100 is identical)")
    for effect in report.effects:
        if not effect.after:
            print(f"{effect.family}: {effect.closed:.0%} of the way, its blend {effect.blend:.0%}")
    for doubt in report.doubts:
        print(f"But: {doubt}")


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
