"""A file's metadata: parsed without trust, divided into public and private, and written anew.

A published copy says who made it and what it may be used for; the rest stays with the original."""
