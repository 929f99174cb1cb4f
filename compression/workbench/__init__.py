"""The only door to compute, for the screens and the shell: one file for each use case.

Importing it costs neither torch nor onnxruntime; what a function needs, it imports when it is called.
"""

from compression.workbench.compare import Compared, compare, model_spec, predict
from compression.workbench.compress import compress
from compression.workbench.datasets import (
    describe_dataset,
    gallery_images,
    import_dataset,
    list_datasets,
    read_image,
)
from compression.workbench.evaluate import evaluate_model
from compression.workbench.models import (
    describe_model,
    download_model,
    import_model,
    list_families,
    list_models,
    read_spec,
)
from compression.workbench.presets import list_presets
from compression.workbench.samples import publish_study, sample_study
from compression.workbench.steps import check_recipe, list_steps, read_recipes
from compression.workbench.studies import (
    artifact_bytes,
    artifact_path,
    cancel_study,
    check_study,
    choose_trial,
    delete_study,
    extend_study,
    list_studies,
    resume_study,
    retry_study,
    start_study,
    study_plan,
    study_result,
    study_status,
)

__all__ = [
    "Compared",
    "artifact_bytes",
    "artifact_path",
    "cancel_study",
    "check_recipe",
    "check_study",
    "choose_trial",
    "compare",
    "compress",
    "delete_study",
    "describe_dataset",
    "describe_model",
    "download_model",
    "evaluate_model",
    "extend_study",
    "gallery_images",
    "import_dataset",
    "import_model",
    "list_datasets",
    "list_families",
    "list_models",
    "list_presets",
    "list_steps",
    "list_studies",
    "model_spec",
    "predict",
    "publish_study",
    "read_image",
    "read_recipes",
    "read_spec",
    "resume_study",
    "retry_study",
    "sample_study",
    "start_study",
    "study_plan",
    "study_result",
    "study_status",
]
