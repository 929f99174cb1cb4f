"""Devices of one's own: a bundle to measure there, and what came back as figures of the study."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Sequence
from pathlib import Path

from edgeslim import visitors
from edgeslim.artifacts.store import Store
from edgeslim.errors import AccessError, StudyError
from edgeslim.jobs import errand
from edgeslim.jobs.errand import ErrandStatus
from edgeslim.jobs.errands import MakeBundle
from edgeslim.metrics.resamples import key_of
from edgeslim.runtime import usage
from edgeslim.studies import bundles, device_results, devices_measured
from edgeslim.studies.bundles import BundleEntry, DeviceBundle
from edgeslim.studies.calibration import Calibration, calibrated
from edgeslim.studies.devices_measured import DeviceMeasurement
from edgeslim.studies.study import StudyResult
from edgeslim.studies.timing import content_of
from edgeslim.workbench.access import require_own_study
from edgeslim.workbench.deploy import delivered
from edgeslim.workbench.errands import absolute, hashed, plan_of, put_in_store
from edgeslim.workbench.files import has_artifact
from edgeslim.workbench.samples import sample_study

_EARLIEST = (1980, 1, 1, 0, 0, 0)
"""Equal content, equal bytes."""


def begin_bundling(study: StudyResult, numbers: Sequence[int], store: Store | None = None) -> None:
    """Begin to make a bundle of the original and these trials, in all formats that are here; see `bundling_status`.

    Raises StudyError where a file is not here, StoreError.
    """
    store = store or Store()
    bundle = _asked(study, numbers, store)
    put_in_store({entry.onnx for entry in bundle.entries}, store)
    plan = absolute(plan_of(study, store), store)
    errand.begin(store, MakeBundle(who=study.name, key=bundle.key, plan=plan, bundle=bundle))


def bundling_status(
    study: StudyResult, numbers: Sequence[int], store: Store | None = None
) -> ErrandStatus | None:
    """How far that is; None if it was never asked for. Raises StudyError."""
    store = store or Store()
    return errand.status(store, _asked(study, numbers, store).key)


def bundle_ready(
    study: StudyResult, numbers: Sequence[int], store: Store | None = None
) -> DeviceBundle | None:
    """The bundle, once it is made. Raises StudyError."""
    store = store or Store()
    found = bundles.kept(store, _asked(study, numbers, store).key)
    if found is None or not store.path(found.images, ".npy").exists():
        return None
    return found if all(store.path(each.sha256, each.suffix).exists() for each in found.entries) else None


def bundle_zip(bundle: DeviceBundle, store: Store | None = None) -> bytes:
    """What is unpacked on the device: equal bundles, equal bytes."""
    store = store or Store()
    folder = usage.ON_DEVICE
    files: dict[str, bytes] = {name: (folder / name).read_bytes() for name in ("measure.py", "device.py")}
    packages = " ".join(dict.fromkeys(package for each in bundle.entries for package in each.packages))
    for name in ("README.md", "README.zh.md"):
        files[name] = (folder / name).read_text(encoding="utf-8").replace("{{packages}}", packages).encode()
    for entry in bundle.entries:
        files[f"runners/{entry.runtime}.py"] = (usage.runner(entry.runtime) or "").encode()
        files[_place(entry)] = store.path(entry.sha256, entry.suffix).read_bytes()
    files["images.npy"] = store.path(bundle.images, ".npy").read_bytes()
    files["manifest.json"] = json.dumps(_manifest(bundle)).encode()
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, each in sorted(files.items()):
            info = zipfile.ZipInfo(f"edgeslim-{bundle.model}/{name}", _EARLIEST)
            info.compress_type, info.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            packed.writestr(info, each)
    return content.getvalue()


def add_results(
    content: bytes,
    study: StudyResult | None = None,
    name: str = "",
    store: Store | None = None,
    *,
    invited: bool = False,
) -> DeviceMeasurement:
    """Keep what came back, once it has stood every check; it then belongs to all studies of the same original.

    With a `study` it must be of that one's. Raises StudyError as `studies.device_results` does, and results_other_study;
    AccessError where the visitor may not change the study, unless whoever may has `invited` them.
    """
    store = store or Store()
    visitors.refuse_in_demo("import")
    if not invited:
        require_own(study, store)
    found = device_results.read_results(content, store, name)
    if study is not None and (study.original is None or study.original.sha256 != found.baseline):
        raise StudyError("results_other_study", name=study.name)
    devices_measured.keep(store, found)
    return found


def read_results(path: Path) -> bytes:
    """A results file's content. Raises StudyError where it is not there or too large."""
    try:
        with path.open("rb") as file:
            return file.read(device_results.LARGEST + 1)
    except OSError as error:
        raise device_results.unreadable(error.strerror) from error


def devices_version(study: StudyResult, store: Store | None = None) -> str | None:
    """What differs once `device_measurements` does; None without any."""
    return devices_measured.latest(store or Store(), study)


def device_measurements(study: StudyResult, store: Store | None = None) -> tuple[DeviceMeasurement, ...]:
    """The newest of each device on which files of the study's original were measured."""
    return devices_measured.measured(store or Store(), study)


def calibrations(study: StudyResult, store: Store | None = None) -> tuple[Calibration, ...]:
    """Estimates for devices on which enough of the study's files were measured."""
    found = (calibrated(study, each) for each in device_measurements(study, store))
    return tuple(each for each in found if each is not None)


def with_devices(study: StudyResult, store: Store | None = None) -> StudyResult:
    """The study with its figures on these devices."""
    return devices_measured.with_devices(study, device_measurements(study, store))


def _asked(study: StudyResult, numbers: Sequence[int], store: Store) -> DeviceBundle:
    """The bundle without what is computed. Raises StudyError where the original's file or a trial's is not here."""
    original = study.original
    if original is None or original.sha256 is None:
        raise StudyError("nothing_to_bundle")
    entries: list[BundleEntry] = []
    for number in dict.fromkeys((original.number, *sorted(numbers))):
        sha256, trial = hashed(study, number), study.trial(number)
        if not has_artifact(sha256, store):
            raise StudyError("file_not_here", number=number)
        for each in delivered(study, number, store):
            own = each.figures.sha256 if each.figures else None
            if each.suffix == ".onnx":  # which every runtime of that format opens as it is
                own = sha256
            if own is None or not each.version or usage.runner(each.runtime) is None:
                continue
            if own != sha256 and not store.path(own, each.suffix).exists():
                continue
            entries.append(
                BundleEntry(
                    trial=number,
                    title=trial.title if trial else "",
                    onnx=sha256,
                    runtime=each.runtime,
                    packages=usage.runner_packages(each.runtime),
                    sha256=own,
                    suffix=each.suffix,
                    places=(),
                    reference=(),
                )
            )
    plan = plan_of(study, store)
    decisive = [[each.trial, each.onnx, each.runtime, each.sha256] for each in entries]
    data = [plan.model, plan.dataset, plan.limit, plan.held_out, plan.spec and plan.spec.to_json()]
    return DeviceBundle(
        key=key_of("bundle", decisive, data),
        made="",
        study=study.name,
        model=study.model,
        baseline=original.sha256,
        images="",
        entries=tuple(entries),
    )


def _manifest(bundle: DeviceBundle) -> dict[str, object]:
    return {
        "bundle": bundle.key,
        "study": bundle.study,
        "model": bundle.model,
        "entries": [
            {
                "file": _place(each),
                "sha256": each.sha256,
                "trial": each.trial,
                "title": each.title,
                "runtime": each.runtime,
                "packages": each.packages,
                "places": each.places,
                "reference": each.reference,
            }
            for each in bundle.entries
        ],
    }


def _place(entry: BundleEntry) -> str:
    return f"files/{entry.trial}-{entry.sha256[:8]}{entry.suffix}"


def require_own(study: StudyResult | None, store: Store) -> None:
    """What is measured of a study is seen by all who see it. Raises AccessError."""
    if visitors.visitor() is None:
        return
    published = sample_study()
    if study is None or (published is not None and content_of(published) == content_of(study)):
        raise AccessError("study_not_yours")
    require_own_study(study.name, store)
