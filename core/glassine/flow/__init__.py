"""The way of an artwork, verb by verb: read, plan, optimise, settle, mark, verify, encode.

A file belongs here if it is one of these verbs or serves one. tests/test_architecture.py lists the
files in order; each imports only from those before it in that list."""
