"""The torch.fx graph under construction: values, modules, names. Every operation runs once on an example."""

from __future__ import annotations

import keyword
import operator
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
import torch
from onnx import helper, numpy_helper
from torch import Tensor, fx, nn
from torch.fx import node as fx_node

map_aggregate: Callable[[Any, Callable[[Any], Any]], Any] = fx_node.map_aggregate


@dataclass(frozen=True, eq=False, slots=True)
class Constant:
    """A value that does not depend on the input: a weight, an index, a shape. `name` is its ONNX name."""

    tensor: Tensor
    name: str


Value = fx.Node | Constant


class Builder:
    """The graph under construction.

    Each operation is run on an example when it is added, so that its output shape is known; what depends on constants
    and shapes alone is computed at once and not added to the graph.
    """

    def __init__(self) -> None:
        self.graph = fx.Graph()
        self.root = nn.Module()
        self.examples: dict[fx.Node, Any] = {}
        self._leaves: set[str] = set()
        self._shared: dict[tuple[Any, ...], str] = {}
        self._buffers: dict[str, fx.Node] = {}

    def input(self, name: str, example: Tensor) -> fx.Node:
        node = self.graph.placeholder(_identifier(name))
        self.examples[node] = example
        return node

    def call(self, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Apply `function` to values, nested in args to any depth; constants give a constant."""
        found: list[fx.Node] = []
        map_aggregate((args, kwargs), lambda leaf: found.append(leaf) if isinstance(leaf, fx.Node) else None)
        if not found:
            result = function(*_constants(args), **_constants(kwargs))
            return map_aggregate(
                result, lambda leaf: Constant(leaf, "") if isinstance(leaf, Tensor) else leaf
            )
        node = self.graph.call_function(function, self._embed(args), self._embed(kwargs))
        self.examples[node] = function(*self._run(node.args), **self._run(node.kwargs))
        return node

    def unpack(self, value: Any, count: int) -> tuple[Value, ...]:
        """The members of a tuple-valued result of `call`."""
        if isinstance(value, fx.Node):
            return tuple(self.call(operator.getitem, value, index) for index in range(count))
        return tuple(value)

    def module(
        self, name: str, make: Callable[[], nn.Module], *args: Any, key: tuple[Any, ...] = ()
    ) -> fx.Node:
        """Call a module; a second call with the same non-empty `key` calls the same one again."""
        target = self._shared.get(key) if key else None
        if target is None:
            target = self._unique(name)
            _attach(
                self.root, target, make().eval()
            )  # in training mode the example would move its statistics
            self._leaves.add(target)
            if key:
                self._shared[key] = target
        node = self.graph.call_module(target, self._embed(args))
        self.examples[node] = self.root.get_submodule(target)(*self._run(node.args))
        return node

    def output(self, values: tuple[Value, ...]) -> None:
        nodes = self._embed(values)
        self.graph.output(nodes[0] if len(nodes) == 1 else nodes)

    def keep_examples(self, nodes: set[fx.Node]) -> None:
        """Drop the examples of all nodes except these, the inputs and the buffers."""
        kept = ("placeholder", "get_attr")
        self.examples = {
            node: example for node, example in self.examples.items() if node in nodes or node.op in kept
        }

    def forget(self, node: fx.Node) -> None:
        """Drop one example, because what its node computes has changed."""
        self.examples.pop(node, None)

    def shape(self, value: Value) -> tuple[int, ...]:
        return tuple(self.example(value).shape)

    def example(self, value: Value) -> Tensor:
        tensor = value.tensor if isinstance(value, Constant) else self._example(value)
        assert isinstance(tensor, Tensor)
        return tensor

    def _run(self, arguments: Any) -> Any:
        return map_aggregate(
            arguments, lambda leaf: self._example(leaf) if isinstance(leaf, fx.Node) else leaf
        )

    def _example(self, node: fx.Node) -> Any:
        """The example of a node, recomputed if it was dropped."""
        if node not in self.examples:
            target: Any = node.target
            function = self.root.get_submodule(target) if node.op == "call_module" else target
            self.examples[node] = function(*self._run(node.args), **self._run(node.kwargs))
        return self.examples[node]

    def _embed(self, arguments: Any) -> Any:
        return map_aggregate(
            arguments, lambda leaf: self._buffer(leaf) if isinstance(leaf, Constant) else leaf
        )

    def _buffer(self, constant: Constant) -> fx.Node | float | int | bool:
        """A constant as argument of a node: a Python number if it is a scalar, else a buffer."""
        tensor = constant.tensor
        if tensor.dim() == 0:
            number: float | int | bool = tensor.item()
            return number
        if constant.name in self._buffers:
            return self._buffers[constant.name]
        target = self._unique(constant.name or "constant")
        path, _, leaf = target.rpartition(".")
        _container(self.root, path).register_buffer(leaf, tensor.clone())
        self._leaves.add(target)
        node = self.graph.get_attr(target)
        self.examples[node] = tensor
        if constant.name:
            self._buffers[constant.name] = node
        return node

    def _unique(self, name: str) -> str:
        """A dotted path that is neither a parent nor a child of another leaf."""
        path = ".".join(_identifier(part) for part in re.split(r"[./:]+", name) if part) or "unnamed"
        path = f"tensor_{path}" if path.isdigit() else path  # the exporter does not accept a number as a name
        if not self._taken(path):
            return path
        flat, count = path.replace(".", "_"), 1
        while self._taken(flat if count == 1 else f"{flat}_{count}"):
            count += 1
        return flat if count == 1 else f"{flat}_{count}"

    def _taken(self, path: str) -> bool:
        parts = path.split(".")
        above = {".".join(parts[:length]) for length in range(1, len(parts) + 1)}
        return bool(above & self._leaves) or any(leaf.startswith(f"{path}.") for leaf in self._leaves)


def constant_of(proto: onnx.TensorProto, name: str) -> Constant:
    array = numpy_helper.to_array(proto)
    return Constant(torch.from_numpy(array.copy()), name)


def torch_dtype(elem_type: int) -> torch.dtype:
    """The torch type of an ONNX element type."""
    return torch.from_numpy(np.zeros(0, helper.tensor_dtype_to_np_dtype(elem_type))).dtype


def _constants(arguments: Any) -> Any:
    return map_aggregate(arguments, lambda leaf: leaf.tensor if isinstance(leaf, Constant) else leaf)


def _identifier(name: str) -> str:
    found = re.sub(r"\W", "_", name) or "_"
    return f"{found}_" if keyword.iskeyword(found) else found


def _container(root: nn.Module, path: str) -> nn.Module:
    module = root
    for part in path.split(".") if path else ():
        if part not in module._modules:
            module.add_module(part, nn.Module())
        module = module.get_submodule(part)
    return module


def _attach(root: nn.Module, target: str, module: nn.Module) -> None:
    path, _, leaf = target.rpartition(".")
    _container(root, path).add_module(leaf, module)
