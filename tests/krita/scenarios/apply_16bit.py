"""Apply to layer, 16 bits: the result has values that 8 bits could not hold."""

from glassine_krita.studio.job import State
from steps import colours, document, finished, layer, pixels, studio, wide


def words(data):
    return [int.from_bytes(data[i : i + 2], "little") for i in range(0, len(data), 2)]


def scenario(k):
    studio_ = yield from studio()
    before = wide(colours())
    doc, node = yield from document(before, depth="U16")
    k.check(
        "a 16-bit document",
        profile=doc.colorProfile(),
        ok=doc.colorDepth() == "U16" and pixels(node, pixel=8) == before,
    )
    job = yield from finished(studio_.apply())
    k.check("done", job.state == State.DONE, why=job.why, trouble=studio_.trouble)
    made = yield from layer(doc, "(Cloak")
    after = words(pixels(made, pixel=8))
    old = words(before)
    k.check("alpha is the same to the bit", after[3::4] == old[3::4])
    fine = sum(v % 257 != 0 for v in after)
    k.check("finer than 8 bits", fine > len(after) // 3, share=fine / len(after))
    change = [abs(a - b) for a, b in zip(after, old)]
    k.check(
        "a small change", 0 < sum(change) / len(change) < 12 * 257, mean=sum(change) / len(change)
    )
    k.check("the original is untouched", pixels(node, pixel=8) == before)
