"""Benches: what the figures of docs/measured.md rest on; what they found is in `results/`.

A file here is one measurement, or what several share; run one as `python -m lab.bench.NAME`.
"""
