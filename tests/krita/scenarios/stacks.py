"""Kinds of layers, masks, styles and ways of mixing, as an artist would have them. No scenario."""

import zipfile

from krita import InfoObject, Krita, Selection
from steps import H, W, activated, colours, document, until

SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="96" height="80">'
    '<rect x="10" y="8" width="60" height="50" fill="#c04020"/></svg>'
)


def part(width=W // 2):
    found = Selection()
    found.select(0, 0, width, H, 255)
    return found


def added(doc, made, under=None):
    (under or doc.rootNode()).addChildNode(made, None)
    doc.waitForDone()
    return made


def small(doc, under, name="inner", seed=11):
    made = doc.createNode(name, "paintlayer")
    made.setPixelData(colours(50, 40, seed=seed), 20, 20, 50, 40)
    return added(doc, made, under)


# kinds: of a document with a full layer below, the one that is protected


def paint(doc):
    return small(doc, None, "work")


def beyond(doc):
    """Part of it lies beside the canvas."""
    made = doc.createNode("work", "paintlayer")
    made.setPixelData(colours(90, 60, seed=11), 40, -30, 90, 60)
    return added(doc, made)


def soft(doc):
    """See-through, differently everywhere."""
    made = paint(doc)
    data = bytearray(colours(50, 40, seed=11))
    data[3::4] = bytes((i * 5) % 256 for i in range(50 * 40))
    made.setPixelData(bytes(data), 20, 20, 50, 40)
    return made


def group(doc):
    made = added(doc, doc.createGroupLayer("work"))
    small(doc, made)
    small(doc, made, "second", 70).setOpacity(120)
    return made


def passing(doc):
    made = group(doc)
    made.setPassThroughMode(True)
    return made


def inner(doc):
    """A layer in a group that is mixed in its own way."""
    outer = added(doc, doc.createGroupLayer("outer"))
    small(doc, outer, "below", 70)
    made = small(doc, outer, "work")
    outer.setOpacity(180)
    outer.setBlendingMode("multiply")
    return made


def inner_passing(doc):
    made = inner(doc)
    made.parentNode().setPassThroughMode(True)
    return made


def covered(doc):
    """With another layer above."""
    made = paint(doc)
    small(doc, None, "above", 40).setBlendingMode("multiply")
    return made


def clone(doc):
    small(doc, None, "twin", 30).setVisible(False)
    return added(doc, doc.createCloneLayer("work", doc.nodeByName("twin")))


def fill(doc):
    return added(doc, doc.createFillLayer("work", "color", InfoObject(), part(W - 20)))


def vector(doc):
    made = added(doc, doc.createVectorLayer("work"))
    made.addShapesFromSvg(SVG)
    return made


def file(doc):
    path = Krita.instance().property("glassine_picture")
    return added(doc, doc.createFileLayer("work", path, "None"))


KINDS = (
    *(paint, beyond, soft, group, passing, inner, inner_passing),
    *(covered, clone, fill, vector, file),
)


# masks: on that layer


def filtered(doc, node):
    added(doc, doc.createFilterMask("mask", Krita.instance().filter("invert"), part()), node)


def blurred(doc, node):
    """It shows more than the layer has."""
    mask = doc.createFilterMask("mask", Krita.instance().filter("gaussian blur"), part(W))
    added(doc, mask, node)


def transparent(doc, node):
    added(doc, PREPARED["transparencymask"].duplicate(), node)


def transformed(doc, node):
    """Larger, and moved: most of it lies elsewhere than the layer's own pixels."""
    added(doc, PREPARED["transformmask"].duplicate(), node)


def selecting(doc, node):
    """A selection that is kept with the layer changes nothing of its look."""
    added(doc, doc.createSelectionMask("mask"), node)


def colouring(doc, node):
    added(doc, PREPARED["colorizemask"].duplicate(), node)


MASKS = (filtered, blurred, transparent, transformed, selecting, colouring)
PREPARED = {}


def prepared(folder):
    """libkis makes these masks and cannot fill them: once, two by Krita's own actions, one in a
    file; then their duplicates are used."""
    app = Krita.instance()
    doc, node = yield from document(colours())
    doc.setSelection(part())
    yield until(lambda: doc.selection() is not None)
    for kind in ("transparency", "colorize"):
        app.action(f"add_new_{kind}_mask").trigger()
        (mask,) = yield until(node.childNodes)
        doc.waitForDone()
        PREPARED[mask.type()] = mask.duplicate()
        mask.remove()
        yield from activated(doc, node)
    added(doc, doc.createTransformMask("mask"), node)
    path = folder / "transform.kra"
    doc.setBatchmode(True)
    doc.saveAs(str(path))
    doc.setModified(False)
    doc.close()
    doc = app.openDocument(str(turned(path)))
    (mask,) = doc.nodeByName("paint").childNodes()
    PREPARED[mask.type()] = mask.duplicate()
    doc.close()


def turned(path):
    """The same file with a transform mask that does something."""
    made = path.with_name("turned.kra")
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(made, "w") as new:
        for name in old.namelist():
            data = old.read(name)
            if name.endswith(".transformconfig"):
                data = data.replace(b'm11="1"', b'm11="1.4"').replace(b'm31="0"', b'm31="14"')
                data = data.replace(b'm32="0"', b'm32="-9"')
            new.writestr(name, data)
    return made


# styles


def value(kind, key, **fields):
    rest = " ".join(f'{name}="{one}"' for name, one in fields.items())
    return f'<node key="{key}" type="{kind}" {rest}/>'


def amount(key, much, unit="#Pxl"):
    return value("UnitFloat", key, unit=unit, value=much)


def choice(key, kind, one):
    return value("Enum", key, typeId=kind, value=one)


def colour(*rgb):
    inside = "".join(value("Double", key, value=v) for key, v in zip(("Rd  ", "Grn ", "Bl  "), rgb))
    return f'<node key="Clr " type="Descriptor" name="" classId="RGBC">{inside}</node>'


def mixed(mode, percent):
    return choice("Md  ", "BlnM", mode) + amount("Opct", percent, "#Prc")


SHADE = mixed("Mltp", 75) + colour(0, 0, 0) + amount("lagl", 120, "#Ang") + amount("Dstn", 9)
GLOW = mixed("Scrn", 90) + colour(255, 255, 0) + amount("blur", 9)
OUTSIDE = choice("Styl", "FStl", "OutF") + choice("PntT", "FrFl", "SClr") + amount("Sz  ", 4)
BEVEL = choice("bvlS", "BESl", "InrB") + amount("blur", 6) + amount("srgR", 100, "#Prc")
EFFECTS = {
    "DrSh": SHADE + amount("blur", 6),
    "IrSh": SHADE + amount("blur", 6),
    "OrGl": GLOW,
    "IrGl": GLOW,
    "ebbl": BEVEL + amount("lagl", 120, "#Ang") + amount("Lald", 30, "#Ang"),
    "ChFX": SHADE + amount("blur", 14),
    "SoFi": mixed("Nrml", 50) + colour(255, 0, 0),
    "FrFX": OUTSIDE + mixed("Nrml", 100) + colour(0, 255, 0),
}
"""Shadows, glows, bevel, satin, overlay and stroke, in Photoshop's words, which are Krita's."""


def styled(effect):
    def change(doc, node):
        inside = value("Boolean", "enab", value=1) + EFFECTS[effect]
        one = f'<node key="{effect}" type="Descriptor" name="" classId="{effect}">{inside}</node>'
        head = amount("Scl ", 100, "#Prc") + value("Boolean", "masterFXSwitch", value=1)
        whole = f'<node type="Descriptor" name="" classId="null">{head}{one}</node>'
        node.setLayerStyleFromAsl(f"<!DOCTYPE asl><asl>{whole}</asl>")
        assert effect in node.layerStyleToAsl(), node.layerStyleToAsl()

    change.__name__ = effect
    return change


STYLES = tuple(map(styled, EFFECTS))


# ways of mixing


def hidden(doc, node):
    node.setVisible(False)


def faded(doc, node):
    node.setOpacity(140)


def inherits(doc, node):
    node.setInheritAlpha(True)


def mode(name):
    def change(doc, node):
        node.setBlendingMode(name)

    change.__name__ = name
    return change


# All but dissolve: Krita scatters its pixels anew each time it looks at them, so that two looks at
# the same document differ.
NAMES = """
add addition_sai additive_subtractive allanon alphadarken and arc_tangent behind bumpmap burn
clear color color_hsi color_hsl color_hsv colorize combine_normal converse copy copy_blue
copy_green copy_red darken darker&color dec_intensity dec_lightness dec_luminosity dec_saturation
dec_saturation_hsi dec_saturation_hsl dec_saturation_hsv dec_value destination-atop
destination-in diff displace divide divisive_modulo divisive_modulo_continuous dodge
dodge_hdr easy&burn easy&dodge equivalence erase exclusion flat_light fog_darken_ifs_illusions
fog_lighten_ifs_illusions freeze freeze_reflect gamma_dark gamma_illumination gamma_light
geometric_mean gleat glow glow_heat grain_extract grain_merge greater hard&mix hard&overlay
hard_light hard_mix_hdr hard_mix_photoshop hard_mix_softer_photoshop hard_overlay_hdr heat
heat_glow heat_glow_freeze_reflect_hybrid helow hue hue_hsi hue_hsl hue_hsv implication
inc_intensity inc_lightness inc_luminosity inc_saturation inc_saturation_hsi inc_saturation_hsl
inc_saturation_hsv inc_value intensity interpolation interpolation&2x inverse_subtract
lambert_lighting lambert_lighting_gamma2.2 lighten lighter&color lightness linear&light
linear_burn linear_dodge linear_light luminize luminosity_sai luminosity marker minus modulo
modulo_continuous modulo_shift modulo_shift_continuous multiply nand negation nor
not_converse not_implication or overlay parallel penumbra&a penumbra&b penumbra&c penumbra&d
pin_light pnorm_a pnorm_b plus reeze reflect reflect_freeze saturation saturation_hsi
saturation_hsl saturation_hsv screen shade_ifs_illusions soft_light
soft_light_ifs_illusions soft_light_pegtop_delphi soft_light_svg subtract super_light
tangent_normalmap tint_ifs_illusions value vivid_light vivid_light_hdr xnor xor
"""
MODES = tuple(mode(name.replace("&", " ")) for name in NAMES.split())
MIXED = (hidden, faded, inherits)
