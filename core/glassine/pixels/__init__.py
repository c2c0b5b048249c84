"""Pictures as numbers: the integer grid, resizing, flattening on white, sRGB, padding.

A file belongs here if it works on pixels alone and knows nothing of encoders or files."""
