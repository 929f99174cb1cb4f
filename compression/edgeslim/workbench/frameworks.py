"""Models that another framework holds in this process, or knows by name, brought in."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgeslim import visitors
from edgeslim.artifacts.store import Store
from edgeslim.jobs import errand
from edgeslim.jobs.errand import ErrandStatus
from edgeslim.jobs.errands import ImportApplication
from edgeslim.models.base import ModelSpec
from edgeslim.progress import Progress, silent
from edgeslim.workbench.models import ModelInfo, described, keep_former

if TYPE_CHECKING:
    from torch import Tensor, nn

    from edgeslim.models.conversion import Converted


def from_torch(
    module: nn.Module,
    example_input: Tensor,
    *,
    name: str,
    spec: ModelSpec | None = None,
    store: Store | None = None,
    progress: Progress = silent,
) -> ModelInfo:
    """Import a PyTorch network under `name`: exported in eval mode, at the size of `example_input` (1, C, H, W).

    The network itself stays as it is. Its outputs must be raw: no boxes that are final, no suppression. They are compared
    with torch's on noise. Raises ModelError (torch_export, torch_differs, or what importing the ONNX file raises).
    """
    from edgeslim.models.torch_modules import module_as_onnx

    progress("translating", 0, 0)
    return _listed(module_as_onnx(module, example_input, name), name, spec, store or Store(), progress)


def from_keras(
    model: Any,
    *,
    name: str,
    spec: ModelSpec | None = None,
    store: Store | None = None,
    progress: Progress = silent,
) -> ModelInfo:
    """Import a Keras model, on the torch backend, under `name`: functional or sequential, one image as its input.

    Raises ModelError (keras_layers …).
    """
    from edgeslim.models.conversion import Converted, require_keras
    from edgeslim.models.preparing import DEFAULT_SIDE

    require_keras(name)
    from edgeslim.models.keras.converting import as_onnx, keras_of_torch

    keras_of_torch()
    progress("translating", 0, 0)
    size = (spec.input_height, spec.input_width) if spec else (DEFAULT_SIDE, DEFAULT_SIDE)
    found, content = as_onnx(model, name, size)
    return _listed(Converted(content, found["hints"], found["proof"]), name, spec, store or Store(), progress)


def import_application(
    network: str,
    *,
    name: str | None = None,
    side: int | None = None,
    weights: bool = True,
    store: Store | None = None,
    progress: Progress = silent,
) -> ModelInfo:
    """Import a network of keras.applications (VGG16, MobileNetV2 …) for images of `side` pixels, with its classes and the
    way in which it wants them prepared.

    Keras itself fetches weights and names, unless it has them; without `weights` the network is untrained. Raises
    ModelError, DownloadError.
    """
    visitors.require_machine()
    visitors.refuse_in_demo("import")
    from edgeslim.models.catalogue import check_name, default_name, refuse_reserved
    from edgeslim.models.importing import application

    name = default_name(network.lower()) if name is None else check_name(name)
    refuse_reserved(name)  # before anything is fetched
    progress("translating", 0, 0)
    source, spec = application(network, side, weights=weights)
    return _listed(source, name, spec, store or Store(), progress)


def keras_networks() -> Mapping[str, int] | None:
    """Networks of keras.applications, each with the side of the images it was trained for, in pixels; None where the
    extra is not installed."""
    from edgeslim.models.conversion import has_keras
    from edgeslim.models.keras.preprocessing import APPLICATIONS

    return {name: side for name, (_, side) in APPLICATIONS.items()} if has_keras() else None


def begin_application(
    network: str, name: str, side: int, *, weights: bool, store: Store | None = None
) -> None:
    """Begin to import a network of keras.applications in a process of its own; see `application_status`.

    Raises AccessError, ModelError where the name is taken, StoreError.
    """
    from edgeslim.models.catalogue import check_name, refuse_reserved
    from edgeslim.models.library import check_free

    visitors.refuse_in_demo("import")
    visitors.require_machine()
    store = store or Store()
    refuse_reserved(check_name(name))
    check_free(name, store)
    errand.begin(store, ImportApplication(network=network, model=name, side=side, weights=weights))


def application_status(
    network: str, name: str, side: int, *, weights: bool, store: Store | None = None
) -> ErrandStatus | None:
    """How far it is; None if it was never begun."""
    asked = ImportApplication(network=network, model=name, side=side, weights=weights)
    return errand.status(store or Store(), asked.key)


def import_program(
    path: Path,
    *,
    name: str | None = None,
    spec: ModelSpec | None = None,
    store: Store | None = None,
    progress: Progress = silent,
) -> ModelInfo:
    """Import a TorchScript or .pt2 program, which can run anything: only at the machine, by whoever trusts the file.

    It is opened in a child process with limits of time and memory. Raises ModelError, AccessError.
    """
    visitors.require_machine()
    from edgeslim.errors import ModelError
    from edgeslim.models.catalogue import default_name
    from edgeslim.models.checks import read_bytes
    from edgeslim.models.conversion import converted

    store, content = store or Store(), read_bytes(path)
    source = converted(content, path, spec, store, progress, trusted=True)
    if source.content is content:
        raise ModelError("trust_needless", file=path)
    return _listed(source, name or default_name(path.stem), spec, store, progress)


def _listed(
    source: Converted, name: str, spec: ModelSpec | None, store: Store, progress: Progress
) -> ModelInfo:
    visitors.refuse_in_demo("import")
    from edgeslim.models.importing import import_listed

    keep_former(name, spec, store)
    return described(import_listed(source, name, spec, store, progress))
