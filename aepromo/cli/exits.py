"""What the program tells a shell."""

from enum import IntEnum


class Exit(IntEnum):
    """Exit codes; a shell script may depend on each."""

    DONE = 0
    FINDINGS = 1
    CALL_WRONG = 2
    INPUT_WRONG = 3
    FAULT = 70
    INTERRUPTED = 130
    TERMINATED = 143
