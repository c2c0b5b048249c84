"""How the surrogate that ships was found: thinning, refitting and healing five encoders.

A file here is one step of that, or a measurement of it; scripts/train_embedded.py uses the steps.
"""
