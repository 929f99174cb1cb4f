"""The only door to compute, for the screens and the shell: one file for each use case.

Importing it costs neither torch nor onnxruntime; what a function needs, it imports when it is called.
"""

from edgeslim.jobs.errand import ErrandStatus
from edgeslim.studies.study import StudyPlan
from edgeslim.workbench.ablation import (
    ablate,
    ablation_name,
    ablation_seconds,
    stage_effects,
    start_ablation,
)
from edgeslim.workbench.access import DEMO_MINUTES, DEMO_STUDIES, may_change_study
from edgeslim.workbench.classes import matching_of, read_classes
from edgeslim.workbench.compress import compress
from edgeslim.workbench.confidence import compare_trials, trial_of
from edgeslim.workbench.datasets import (
    describe_dataset,
    gallery_images,
    import_dataset,
    list_datasets,
    read_pictures,
    suggested_name,
    typed_path,
)
from edgeslim.workbench.errands import (
    known_study,
    make_again,
    making_status,
    time_study,
    timing_here,
    timing_status,
    timing_version,
    trial_file,
)
from edgeslim.workbench.errors import ErrorReport, compare_errors
from edgeslim.workbench.evaluate import evaluate_model
from edgeslim.workbench.files import artifact_bytes, artifact_path, check_study, has_artifact, stored_bytes
from edgeslim.workbench.library import (
    copy_model,
    delete_dataset,
    delete_model,
    model_as,
    rename_dataset,
    rename_model,
    respecify_model,
    share_dataset,
    share_model,
    studies_of_dataset,
    studies_of_model,
    truth_in_classes,
)
from edgeslim.workbench.maintenance import check_store, collect_garbage, store_info
from edgeslim.workbench.models import (
    checked_spec,
    describe_model,
    download_model,
    import_model,
    list_families,
    list_models,
    read_spec,
    recognised_spec,
    stored_model,
)
from edgeslim.workbench.network import (
    layer_weights,
    library_file,
    look_at_weights,
    network,
    weights_status,
)
from edgeslim.workbench.notes import note_trial, notes_version, remove_note, star_trial, trial_notes
from edgeslim.workbench.planning import estimate
from edgeslim.workbench.predict import model_spec, predict
from edgeslim.workbench.preparing import PREPARATION, begin_trying, tried_ways, trying_status
from edgeslim.workbench.preprocessing import try_preprocessing
from edgeslim.workbench.presets import list_presets
from edgeslim.workbench.running import (
    cancel_study,
    delete_study,
    extend_study,
    pause_study,
    resume_study,
    retry_study,
)
from edgeslim.workbench.samples import publish_study, sample_study, sample_version
from edgeslim.workbench.search import improve_study
from edgeslim.workbench.seeing import (
    Images,
    ScoredImages,
    images_at,
    images_there,
    kept_predictions,
    predictions,
    scored_images,
    see,
    seeing_status,
)
from edgeslim.workbench.sensitivity import layer_sensitivity
from edgeslim.workbench.steps import list_steps, read_recipe, read_recipes, repaired_recipe
from edgeslim.workbench.studies import (
    check_study_name,
    choose_trial,
    list_studies,
    start_study,
    study_entry,
    study_plan,
    study_result,
    study_status,
    study_version,
    study_versions,
)
from edgeslim.workbench.xray import score_predictions, xray

__all__ = [
    "DEMO_MINUTES",
    "DEMO_STUDIES",
    "PREPARATION",
    "ErrandStatus",
    "ErrorReport",
    "Images",
    "ScoredImages",
    "StudyPlan",
    "ablate",
    "ablation_name",
    "ablation_seconds",
    "artifact_bytes",
    "artifact_path",
    "begin_trying",
    "cancel_study",
    "check_store",
    "check_study",
    "check_study_name",
    "checked_spec",
    "choose_trial",
    "collect_garbage",
    "compare_errors",
    "compare_trials",
    "compress",
    "copy_model",
    "delete_dataset",
    "delete_model",
    "delete_study",
    "describe_dataset",
    "describe_model",
    "download_model",
    "estimate",
    "evaluate_model",
    "extend_study",
    "gallery_images",
    "has_artifact",
    "images_at",
    "images_there",
    "import_dataset",
    "import_model",
    "improve_study",
    "kept_predictions",
    "known_study",
    "layer_sensitivity",
    "layer_weights",
    "library_file",
    "list_datasets",
    "list_families",
    "list_models",
    "list_presets",
    "list_steps",
    "list_studies",
    "look_at_weights",
    "make_again",
    "making_status",
    "matching_of",
    "may_change_study",
    "model_as",
    "model_spec",
    "network",
    "note_trial",
    "notes_version",
    "pause_study",
    "predict",
    "predictions",
    "publish_study",
    "read_classes",
    "read_pictures",
    "read_recipe",
    "read_recipes",
    "read_spec",
    "recognised_spec",
    "remove_note",
    "rename_dataset",
    "rename_model",
    "repaired_recipe",
    "respecify_model",
    "resume_study",
    "retry_study",
    "sample_study",
    "sample_version",
    "score_predictions",
    "scored_images",
    "see",
    "seeing_status",
    "share_dataset",
    "share_model",
    "stage_effects",
    "star_trial",
    "start_ablation",
    "start_study",
    "store_info",
    "stored_bytes",
    "stored_model",
    "studies_of_dataset",
    "studies_of_model",
    "study_entry",
    "study_plan",
    "study_result",
    "study_status",
    "study_version",
    "study_versions",
    "suggested_name",
    "time_study",
    "timing_here",
    "timing_status",
    "timing_version",
    "trial_file",
    "trial_notes",
    "trial_of",
    "tried_ways",
    "truth_in_classes",
    "try_preprocessing",
    "trying_status",
    "typed_path",
    "weights_status",
    "xray",
]
