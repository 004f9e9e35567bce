"""Exit codes of the program and their meanings."""

from enum import IntEnum

from aepromo.words import N_


class Exit(IntEnum):
    """Exit codes, on which scripts may depend."""

    DONE = 0
    FINDINGS = 1
    CALL_WRONG = 2
    INPUT_WRONG = 3
    FAULT = 70
    INTERRUPTED = 130
    TERMINATED = 143


MEANINGS = {
    Exit.DONE: N_("Done."),
    Exit.FINDINGS: N_("Done, with a finding that --fail-on names."),
    Exit.CALL_WRONG: N_("The call or the configuration is wrong, or the output can't be written."),
    Exit.INPUT_WRONG: N_("The input is wrong: no table, a column missing, or bad rows."),
    Exit.FAULT: N_("A fault of the program or the machine; AEPROMO_DEBUG=1 shows where."),
    Exit.INTERRUPTED: N_("Interrupted (Ctrl-C)."),
    Exit.TERMINATED: N_("Ended by kill or a timeout."),
}
