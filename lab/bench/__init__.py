"""Benches: measurements that the README's figures rest on; what they found is in `results/`.

A file here is one measurement, or what several share; run one as `python -m lab.bench.NAME`.
"""
