"""`python -m edgeslim …` is the command `edgeslim`."""

import sys

from edgeslim.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
