"""Faces in a picture: where they are, what of them may change, and how networks are shown them.

A file belongs here that finds a face, or crops it as an embedder wants it; how it is changed is
decided elsewhere."""
