"""What can be asked for as an errand (jobs.errand): one file each, registered in ERRANDS."""

from edgeslim.jobs.errands.applications import ImportApplication as ImportApplication
from edgeslim.jobs.errands.bundling import MakeBundle as MakeBundle
from edgeslim.jobs.errands.comparing import CompareFiles as CompareFiles
from edgeslim.jobs.errands.decoding import MakeDecoder as MakeDecoder
from edgeslim.jobs.errands.deploying import DeployFile as DeployFile
from edgeslim.jobs.errands.diagnosing import Diagnose as Diagnose
from edgeslim.jobs.errands.flipping import ScoreNudged as ScoreNudged
from edgeslim.jobs.errands.held_out import ScoreHeldOut as ScoreHeldOut
from edgeslim.jobs.errands.lesson import RunExperiment as RunExperiment
from edgeslim.jobs.errands.looking import LookInside as LookInside
from edgeslim.jobs.errands.making import MakeFile as MakeFile
from edgeslim.jobs.errands.preparing import TryPreprocessing as TryPreprocessing
from edgeslim.jobs.errands.reading import ReadImages as ReadImages
from edgeslim.jobs.errands.seeing import SeeImages as SeeImages
from edgeslim.jobs.errands.timing import TimeFiles as TimeFiles
from edgeslim.jobs.errands.training import TrainDetector as TrainDetector
from edgeslim.jobs.errands.weights import LookAtWeights as LookAtWeights
