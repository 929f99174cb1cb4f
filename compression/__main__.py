"""`python -m compression …`: the shell's way in."""

import sys

from compression.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
