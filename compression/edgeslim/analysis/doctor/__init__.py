"""Why a file lost what it lost: causes that are tried out one by one, each with its evidence and the step that mends it."""
