"""Faces in a picture: where they are, what of them may change, and how networks are shown them.

A file belongs here that finds a face, or cuts it out as an embedder wants it; what is done about
it is decided elsewhere."""
