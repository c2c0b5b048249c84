"""What a file carries beside its pixels: read without trust, told apart, written anew.

A published copy says who made it and what it may be used for; the rest stays with the original."""
