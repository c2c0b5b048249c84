"""A graphics card made of the processor: what was sent there is told from what stayed here.

torch refuses to mix devices only where there are two. Inside `elsewhere()` the kind KIND is a
second one: its tensors keep their numbers, and what would fail on a real card fails: an operation
that mixes them with tensors from here (single numbers may), one that draws there with a generator
from here, and double precision, which Apple's have not.
"""

from contextlib import contextmanager

import torch
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves, tree_map_only

KIND = "meta"  # a kind that torch has everywhere and whose gradients it finds on this thread
COPIES = (torch.ops.aten._to_copy.default, torch.ops.aten.copy_.default)


class There(torch.Tensor):
    """A tensor on the other device; its numbers are in `here`."""

    @staticmethod
    def __new__(cls, here):
        return torch.Tensor._make_wrapper_subclass(
            cls,
            here.shape,
            strides=here.stride(),
            storage_offset=here.storage_offset(),
            dtype=here.dtype,
            device=torch.device(KIND),
        )

    def __init__(self, here):
        self.here = here

    def __repr__(self):
        return f"There({self.here})"

    @classmethod
    def __torch_dispatch__(cls, op, types, args=(), kwargs=None):
        return run(op, args, kwargs or {})


def run(op, args, kwargs):
    tensors = [x for x in tree_leaves((args, kwargs)) if isinstance(x, torch.Tensor)]
    there = any(isinstance(x, There) for x in tensors)
    if there and op not in COPIES and any(x.dim() and not isinstance(x, There) for x in tensors):
        raise RuntimeError(f"{op} on two devices, shapes {[tuple(x.shape) for x in tensors]}")
    if (device := kwargs.get("device")) is not None:
        there = torch.device(device).type == KIND
        if there and kwargs.get("generator") is not None:
            raise RuntimeError(f"{op} there with a generator from here")
        kwargs = {**kwargs, "device": torch.device("cpu")}
    plain = tree_map_only(There, lambda x: x.here, (args, kwargs))
    out = op(*plain[0], **plain[1])
    written = [x for x, a in zip(args, op._schema.arguments, strict=False) if a.is_write]
    if written:
        return written[0]
    if there and any(x.dtype == torch.float64 for x in tree_leaves(out) if torch.is_tensor(x)):
        raise TypeError(f"{op} gives double precision, which not every device has")
    return tree_map_only(torch.Tensor, There, out) if there else out


class Dispatched(TorchDispatchMode):
    """For what begins here: a copy to there, a tensor made there."""

    def __torch_dispatch__(self, op, types, args=(), kwargs=None):
        return run(op, args, kwargs or {})


class Made(TorchFunctionMode):
    """`torch.tensor` goes past the mode above."""

    def __torch_function__(self, function, types, args=(), kwargs=None):
        kwargs = dict(kwargs or {})
        if function is torch.tensor and kwargs.get("device") is not None:
            device = kwargs.pop("device")
            return function(*args, **kwargs).to(device)
        return function(*args, **kwargs)


@contextmanager
def elsewhere():
    with Made(), Dispatched():
        yield
