"""Prints which marks a file carries, and whether it was exported on this machine.

python examples/read_marks.py FILE
"""

import sys
from pathlib import Path

from glassine import examine

LAKE = Path(__file__).with_name("lake.png")


def main(file: Path = LAKE) -> None:
    seen = examine(file)
    for found in seen.found:
        print(f"{found.mark}: {found.says}")
    print(seen.protected or "Nothing says that it was protected here.")
    for export, bits in seen.alike:
        print(f"It looks like export {export} ({bits} of 256 bits apart).")


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
