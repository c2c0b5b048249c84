"""The way of an artwork, verb by verb: read, plan, optimise, settle, mark, verify, encode.

A file belongs here that is a verb or that serves one. Files import only from those above them in
the order that tests/test_architecture.py holds, so that the way only goes down."""
