"""Networks of several embedders, and how their weights are read.

A file belongs here that holds layers; what an embedder is called and takes is in its own file."""
