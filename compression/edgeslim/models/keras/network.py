"""A Keras model as a torch network, channels first: its graph is walked once, with an image of zeros."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from edgeslim.models.keras.archive import MODELS, kind_of
from edgeslim.models.keras.layer import Layer, Modules, NotTranslatedError
from edgeslim.models.keras.layers import LAYERS, PASSING

_TENSOR = "__keras_tensor__"
Place = tuple[str, int, int]
"""(layer, which of its calls, which of that call's results)."""


@dataclass(frozen=True, slots=True)
class _Call:
    """One call of a layer; `operands` are places of tensors, and numbers."""

    layer: Mapping[str, Any]
    name: str
    number: int
    operands: tuple[Place | float, ...]

    @property
    def kind(self) -> str:
        return kind_of(self.layer)

    @property
    def makes(self) -> Place:
        return self.name, self.number, 0

    @property
    def reads(self) -> list[Place]:
        return [each for each in self.operands if isinstance(each, tuple)]


class Network(nn.Module):
    """Modules, called as Keras's layers, in the order in which images (1, channels, height, width) pass them."""

    def __init__(self, entry: Place, outputs: Sequence[Place]) -> None:
        super().__init__()
        self._entry, self._outputs = entry, tuple(outputs)
        self._steps: list[tuple[str, tuple[Place, ...], Place]] = []

    def add_step(self, name: str, reads: tuple[Place, ...], makes: Place) -> None:
        """The module of that name (none: the same value) makes one value of others."""
        self._steps.append((name, reads, makes))

    def add(self, name: str, module: nn.Module) -> str:
        """The name that the module got: one that torch allows."""
        plain = "".join(each if each.isalnum() else "_" for each in name) or "layer"
        while hasattr(self, plain):
            plain += "_"
        self.add_module(plain, module.eval())
        return plain

    def forward(self, x: Tensor) -> Tensor | tuple[Tensor, ...]:
        values = {self._entry: x}
        for name, reads, makes in self._steps:
            found = [values[place] for place in reads]
            values[makes] = self.get_submodule(name)(*found) if name else found[0]
        outputs = tuple(values[place] for place in self._outputs)
        return outputs[0] if len(outputs) == 1 else outputs


def translated(model: Any, shape: Sequence[int], *, logits: bool = False) -> tuple[Network, str]:
    """The network of a functional or sequential Keras model, and the layer whose softmax was left out, or ''.

    One at the end is left out if `logits`. Raises NotTranslatedError.
    """
    walk = _Walk(model, shape, logits=logits)
    return walk.network, walk.softmax


class _Walk:
    """Makes the modules of each layer where its inputs' shapes are known: on an image of zeros."""

    def __init__(self, model: Any, shape: Sequence[int], *, logits: bool) -> None:
        self._model, self._logits, self.softmax = model, logits, ""
        self._calls, inputs, self._outputs = _calls(model)
        if len(inputs) != 1:
            raise NotTranslatedError(f"{len(inputs)} inputs")
        self.network = Network(inputs[0], self._outputs)
        self._values = {inputs[0]: torch.zeros(tuple(shape))}
        self._names: dict[str, list[str]] = {}
        left = [call for call in self._calls if call.makes != inputs[0]]
        with torch.no_grad():
            while left:
                ready = [call for call in left if all(place in self._values for place in call.reads)]
                if not ready:
                    raise NotTranslatedError("layers that wait for each other")
                for call in ready:
                    self._apply(call)
                left = [call for call in left if call.makes not in self._values]
        if not all(place in self._values for place in self._outputs):
            raise NotTranslatedError("several results of one layer")
        self.network.eval()

    def _apply(self, call: _Call) -> None:
        reads = tuple(call.reads)
        if call.name not in self._names:
            modules = self._modules(call, [tuple(self._values[place].shape) for place in reads])
            self._names[call.name] = [
                self.network.add(call.name + ending, module) for ending, module in modules.items()
            ]
        names = self._names[call.name] or [""]
        for index, name in enumerate(names):
            makes = call.makes if index == len(names) - 1 else (call.name, call.number, index + 1)
            found = [self._values[place] for place in reads]
            self._values[makes] = self.network.get_submodule(name)(*found) if name else found[0]
            self.network.add_step(name, reads, makes)
            reads = (makes,)

    def _modules(self, call: _Call, shapes: list[tuple[int, ...]]) -> Modules:
        inner = next((layer for layer in self._model.layers if layer.name == call.name), None)
        if call.kind in MODELS:
            part, _ = translated(inner, shapes[0])
            return {"": part}
        if call.kind not in LAYERS:
            raise NotTranslatedError(call.kind)
        layer = Layer(
            kind=call.kind,
            config=call.layer["config"],
            weights=[] if inner is None else inner.get_weights(),  # an operation on tensors is no layer
            shapes=shapes,
            operands=[None if isinstance(each, tuple) else each for each in call.operands],
            flattened=self._flattened(call),
        )
        made = LAYERS[call.kind](layer)
        if (
            self._logits
            and call.makes in self._outputs
            and isinstance(next(reversed(made.values()), None), nn.Softmax)
        ):
            made.popitem()
            self.softmax = call.name
        return made

    def _flattened(self, call: _Call) -> tuple[int, int, int] | None:
        """What a Dense layer reads as one row (height, width, channels), and what a Flatten layer flattens, where only
        such layers read it, through layers that treat each number alike."""
        if call.kind == "Flatten":
            shape = self._values[call.reads[0]].shape
            return (shape[2], shape[3], shape[1]) if len(shape) == 4 and self._only_dense(call) else None
        if call.kind != "Dense":
            return None
        makers = {each.makes: each for each in self._calls}
        before = makers.get(call.reads[0])
        while before is not None and before.kind in PASSING:
            before = makers.get(before.reads[0])
        return self._flattened(before) if before is not None and before.kind == "Flatten" else None

    def _only_dense(self, call: _Call) -> bool:
        readers = [each for each in self._calls if call.makes in each.reads]
        return call.makes not in self._outputs and all(
            each.kind == "Dense" or (each.kind in PASSING and self._only_dense(each)) for each in readers
        )


def _calls(model: Any) -> tuple[list[_Call], list[Place], list[Place]]:
    """All calls of layers, and the places of inputs and outputs."""
    config = model.get_config()
    if "input_layers" not in config:
        return _in_a_row(config["layers"])
    calls = []
    for layer in config["layers"]:
        name = str(layer["config"]["name"])
        for number, node in enumerate(layer["inbound_nodes"] or [{"args": [], "kwargs": {}}]):
            named = {key: value for key, value in node["kwargs"].items() if _holds_tensor(value)}
            if named:
                raise NotTranslatedError(f"{layer['class_name']} (tensors by name)")
            calls.append(_Call(layer, name, number, tuple(_operands(node["args"]))))
    return calls, _places(config["input_layers"]), _places(config["output_layers"])


def _in_a_row(layers: Sequence[Mapping[str, Any]]) -> tuple[list[_Call], list[Place], list[Place]]:
    """A sequential model's; without an input layer it gets one."""
    given = [{"class_name": "InputLayer", "config": {"name": "input"}}]
    layers = layers if layers and layers[0]["class_name"] == "InputLayer" else [*given, *layers]
    calls: list[_Call] = []
    for layer in layers:
        reads = ((calls[-1].name, 0, 0),) if calls else ()
        calls.append(_Call(layer, str(layer["config"]["name"]), 0, reads))
    return calls, [(calls[0].name, 0, 0)], [(calls[-1].name, 0, 0)]


def _operands(value: Any) -> Iterator[Place | float]:
    if isinstance(value, Mapping) and value.get("class_name") == _TENSOR:
        name, number, result = value["config"]["keras_history"]
        yield str(name), int(number), int(result)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _operands(each)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield float(value)
    else:
        raise NotTranslatedError(f"an operand '{str(value)[:40]}'")


def _holds_tensor(value: Any) -> bool:
    if isinstance(value, Mapping):
        return value.get("class_name") == _TENSOR or any(map(_holds_tensor, value.values()))
    return isinstance(value, list | tuple) and any(map(_holds_tensor, value))


def _places(value: Any) -> list[Place]:
    if isinstance(value, Mapping):
        value = list(value.values())
    if value and isinstance(value[0], str):
        return [(str(value[0]), int(value[1]), int(value[2]))]
    return [place for each in value for place in _places(each)]
