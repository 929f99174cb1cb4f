"""Why a file lost what it lost: causes that are tried one by one, each with its evidence and its mend."""
