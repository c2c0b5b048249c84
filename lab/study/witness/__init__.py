"""The witness: a small autoencoder of our own, trained here, that nothing is optimised against.

A file here trains it, or asks whether what it sees ranks pictures as left-out real encoders do.
"""
