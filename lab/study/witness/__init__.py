"""The witness: a small autoencoder of our own, trained here, that nothing is optimised against.

A file here trains it, or measures whether it ranks pictures as held-out real encoders do.
"""
