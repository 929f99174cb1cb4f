"""EdgeSlim: how small and fast can this detector get before it stops seeing?"""

import os

__version__ = "0.1.0"

# onnxruntime (seen in 1.32) keeps an identifier and a database of events in the home folder, and sends them. It looks at
# this when it is imported, here and in the processes that are started.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
