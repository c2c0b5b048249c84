"""Pictures as numbers: the integer grid, resizing, flattening on white, sRGB, padding.

A file belongs here that changes how a picture is held and knows nothing of encoders or files."""
