"""Poisons a picture towards another concept, and prints the words that must go with it.

python examples/poison.py [PICTURE] [COPY] [SHOWS] [TEACH]
"""

import sys
from pathlib import Path

from glassine import Intent, protect

LAKE = Path(__file__).with_name("lake.png")


def main(
    picture: Path = LAKE, copy: Path = Path("poison.png"), shows: str = "lake", teach: str = "car"
) -> None:
    encoded, protected, _ = protect(picture, Intent(recipe="poison", shows=shows, teach=teach))
    copy.write_bytes(encoded.data)
    print(f"Post it with these words: {protected.plan.caption}")


if __name__ == "__main__":
    given = sys.argv[1:]
    main(*map(Path, given[:2]), *given[2:])
