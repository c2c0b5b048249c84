"""How the scripted Krita converts and blends pixels: one at a time, well enough to be checked."""

import struct

NAMES = {"U8": "B", "U16": "H", "F16": "e", "F32": "f"}
MOST = {"U8": 255, "U16": 65535, "F16": 1, "F32": 1}


def numbers(pixel, space):
    """The pixel's channels, the last one alpha, as Krita keeps them but in [0, 1]."""
    letter, most = NAMES[space[1]], MOST[space[1]]
    found = struct.unpack(f"<{len(pixel) // struct.calcsize(letter)}{letter}", pixel)
    return [value / most for value in found]


def packed(values, space):
    letter, most = NAMES[space[1]], MOST[space[1]]
    whole = space[1].startswith("U")
    out = [round(min(1, max(0, v)) * most) if whole else v for v in values]
    return struct.pack(f"<{len(out)}{letter}", *out)


def linear(space):
    return "g10" in space[2].lower() or "linear" in space[2].lower()


def light(values, space):
    """Channels -> linear-light [r, g, b]."""
    model, depth, _ = space
    if model == "RGBA":
        rgb = values[:3] if depth.startswith("F") else values[2::-1]
    elif model == "CMYKA":
        rgb = [(1 - ink) * (1 - values[3]) for ink in values[:3]]
    else:
        rgb = [values[0]] * 3
    if linear(space):
        return rgb
    return [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in rgb]


def converted(pixel, before, after):
    """One pixel in another colour space."""
    if before == after:
        return pixel
    values = numbers(pixel, before)
    rgb = light(values, before)
    if not linear(after):
        rgb = [12.92 * v if v <= 0.0031308 else 1.055 * v ** (1 / 2.4) - 0.055 for v in rgb]
    if after[0] == "RGBA":
        out = rgb if after[1].startswith("F") else rgb[::-1]
    elif after[0] == "CMYKA":
        out = [*(1 - v for v in rgb), 0]
    else:
        out = [sum(rgb) / 3] * (3 if after[0] == "LABA" else 1)
    return packed([*out, values[-1]], after)


def over(top, below, space, opacity=1.0):
    """Normal blending, in the numbers of that very space."""
    upper, lower = numbers(top, space), numbers(below, space)
    a, b = upper[-1] * opacity, lower[-1]
    whole = a + b * (1 - a)
    if a == 1 or not whole:
        return top if a else below
    mixed = [(u * a + v * b * (1 - a)) / whole for u, v in zip(upper, lower, strict=True)]
    return packed([*mixed[:-1], whole], space)
