"""Benches: measurements of the engine, for docs/measured.md; their results are in `results/`.

A file here is one measurement, or what several share; run one as `python -m lab.bench.NAME`.
"""
