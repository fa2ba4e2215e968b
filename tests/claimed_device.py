"""Tensors that claim to be on a graphics card, and compute on the processor.

They refuse what CUDA refuses of devices: operands of two devices, and numpy. What CUDA
computes, and how its kernels round or fail, they cannot tell.
"""

from collections import Counter
from collections.abc import Iterable, Mapping

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

CARD = torch.device("cuda", 0)
PLAIN = torch._C.DisableTorchFunctionSubclass
NUMBERS = {"__bool__", "__float__", "__int__", "__index__"}
WAITS = {"item", "tolist", "cpu", "nonzero"} | NUMBERS
"""What makes the processor wait for the card."""

MOVES = {"to", "copy_", "__getitem__", "as_tensor", "tensor", "sparse_csr_tensor"}
MOVES |= {"_has_compatible_shallow_copy_type"}  # asked when a module moves
"""What may read tensors of another device; an index may be on the processor."""


class Claimed(Tensor):
    """On the card, to whoever asks."""


class ClaimedCard(TorchFunctionMode):
    """Inside, ``device="cuda"`` makes claimed tensors; counts waits for the card."""

    def __init__(self):
        super().__init__()
        self.waits = Counter()

    def __enter__(self):
        # A module that moves must hold the tensors themselves, not their numbers.
        torch.__future__.set_overwrite_module_params_on_conversion(True)
        return super().__enter__()

    def __exit__(self, *error):
        torch.__future__.set_overwrite_module_params_on_conversion(False)
        super().__exit__(*error)

    def __torch_function__(self, function, types, arguments=(), options=None):
        options = dict(options or {})
        name = getattr(function, "__name__", "")
        if name == "__get__":
            return self._attribute(function, arguments)
        operands = list(tensors((arguments, options)))
        claimed = any(isinstance(operand, Claimed) for operand in operands)
        self._check(name, operands, claimed)
        on_card = claimed and name != "cpu"
        target = self._target(name, arguments, options)
        if target is not None:
            on_card = target.type == CARD.type
            arguments = tuple(on_processor(argument) for argument in arguments)
            options = {key: on_processor(value) for key, value in options.items()}
        if claimed and (name in WAITS or (target is not None and not on_card)):
            self.waits[name] += 1
        with PLAIN():
            result = function(*arguments, **options)
        return claim(result, on_card)

    def _attribute(self, function, arguments):
        with PLAIN():
            result = function(*arguments)
        if not isinstance(arguments[0], Claimed):
            return result
        if isinstance(result, torch.device):
            return CARD
        if function == Tensor.is_cuda.__get__:
            return True
        return claim(result, True)

    def _check(self, name, operands, claimed):
        if not claimed:
            return
        if name in ("numpy", "__array__"):
            raise TypeError("can't convert cuda:0 device type tensor to numpy")
        if name in MOVES:
            if name == "__getitem__" and not isinstance(operands[0], Claimed):
                raise RuntimeError("indices should be on the device of what is indexed")
            return
        others = [o for o in operands if not isinstance(o, Claimed) and o.dim()]
        if others:
            raise RuntimeError(f"{name}: tensors are on two devices, cuda:0 and cpu")

    def _target(self, name, arguments, options):
        if options.get("device") is not None:
            return torch.device(options["device"])
        if name != "to":
            return None
        for argument in arguments[1:]:
            if isinstance(argument, torch.device):
                return argument
            if isinstance(argument, str):
                return torch.device(argument)
            if isinstance(argument, Tensor):
                return CARD if isinstance(argument, Claimed) else torch.device("cpu")
        return None


def on_processor(argument):
    """Return what stands for a device of the processor instead."""
    named = isinstance(argument, str) and argument == CARD.type
    is_card = isinstance(argument, torch.device) and argument.type == CARD.type
    return torch.device("cpu") if named or is_card else argument


def tensors(value) -> Iterable[Tensor]:
    """All tensors in nested arguments."""
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, Mapping):
        yield from tensors(list(value.values()))
    elif isinstance(value, list | tuple):
        for part in value:
            yield from tensors(part)


def claim(value, on_card):
    """Return results as tensors of the card, or of the processor."""
    if isinstance(value, Tensor):
        if isinstance(value, Claimed) == on_card:
            return value  # a leaf of autograd stays one
        with PLAIN():
            if value.layout is torch.strided:
                return value.as_subclass(Claimed if on_card else Tensor)
            value.__class__ = Claimed if on_card else Tensor
            return value
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return type(value)(*(claim(part, on_card) for part in value))
    if isinstance(value, tuple) and not isinstance(value, torch.Size):
        if type(value) is not tuple:  # torch.return_types
            return type(value)([claim(part, on_card) for part in value])
        return tuple(claim(part, on_card) for part in value)
    if isinstance(value, list):
        return [claim(part, on_card) for part in value]
    return value
