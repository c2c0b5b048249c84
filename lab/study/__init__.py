"""Studies: experiments that ask once what is true; their README says what came out.

A file here is one experiment, or what several share; run one as `python -m lab.study.NAME`.
"""
