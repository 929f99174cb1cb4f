"""The causes that the doctor knows: one file each, registered in CAUSES in the order in which they are tried."""

from edgeslim.analysis.doctor.causes import specification as specification  # isort: skip
from edgeslim.analysis.doctor.causes import shared_scale as shared_scale  # isort: skip
from edgeslim.analysis.doctor.causes import calibration as calibration  # isort: skip
from edgeslim.analysis.doctor.causes import per_tensor as per_tensor  # isort: skip
from edgeslim.analysis.doctor.causes import dead_channels as dead_channels  # isort: skip
from edgeslim.analysis.doctor.causes import noisy_tensor as noisy_tensor  # isort: skip
from edgeslim.analysis.doctor.causes import saturation as saturation  # isort: skip
from edgeslim.analysis.doctor.causes import threshold as threshold  # isort: skip
from edgeslim.analysis.doctor.causes import too_strong as too_strong  # isort: skip
