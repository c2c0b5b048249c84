"""The long run of the readers of strangers' files: python tests/fuzz.py xmp --seconds 600

atheris (libFuzzer, with the coverage of the engine's Python) changes the bytes. A crash, a wrong
answer, more than 20 seconds for one input or more than 3 GB end it, and the input lies in --out.
What it finds becomes an example in tests/test_hostile.py. Readers: xmp, exif, iptc, around (the
pixels), manifest, kra. Needs: pip install atheris
"""

import argparse
import os
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "core"), str(ROOT / "tests" / "helpers")]


def main():
    import atheris

    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("reader")
    asked.add_argument("--seconds", type=int, default=600)
    asked.add_argument("--out", type=Path, default=Path(tempfile.gettempdir()))
    told = asked.parse_args()
    home = tempfile.mkdtemp()  # a ledger and a certificate of its own
    os.environ.update(HOME=home, XDG_DATA_HOME=home, OMP_NUM_THREADS="1")
    with atheris.instrument_imports(
        include=["glassine.formats", "glassine.marks", "glassine.pixels"]
    ):
        import hostile
    reader, seeds = hostile.READERS[told.reader]
    corpus = Path(tempfile.mkdtemp())
    for number, data in enumerate(seeds()):
        (corpus / str(number)).write_bytes(data)
    limits = ["-timeout=20", "-rss_limit_mb=3000", "-max_len=20000", "-print_final_stats=1"]
    limits += [f"-max_total_time={told.seconds}", f"-artifact_prefix={told.out}/{told.reader}-"]
    words = Path(tempfile.mkdtemp()) / "words"
    words.write_text("".join(f'"{spelt(word)}"\n' for word in hostile.WORDS))
    atheris.Setup([sys.argv[0], *limits, f"-dict={words}", str(corpus)], reader)
    atheris.Fuzz()


def spelt(word):
    """As libFuzzer reads a word of its dictionary."""
    return "".join(f"\\x{byte:02x}" for byte in word)


if __name__ == "__main__":
    main()
