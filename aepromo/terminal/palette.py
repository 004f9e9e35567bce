"""The colours of labels that are verdicts, by column."""

from __future__ import annotations

from aepromo.pricing.decision import ACTIONS
from aepromo.pricing.fees import STATUSES

STATUS_STYLES = dict(zip(STATUSES, ("green", "yellow", "red", "bold red"), strict=True))
ACTION_STYLES = dict(
    zip(ACTIONS, ("bold yellow", "bold red", "bold green", "cyan", "dim"), strict=True)
)
LABEL_STYLES = {
    "action": ACTION_STYLES,
    "status": STATUS_STYLES,
    "exposure": {"unknown": "cyan", "primed": "yellow", "triggered": "bold red"},
    "eligibility": {"eligible": "green", "partly": "yellow", "blocked": "red"},
    "appeal": {"strong": "green", "submit": "green", "weak": "yellow", "refuse": "red"},
    "track": {
        "ok": "green",
        "late": "yellow",
        "uncertified": "yellow",
        "other": "yellow",
        "silent": "red",
        "invalid": "bold red",
    },
    "promotion": {"safe": "green", "partly": "yellow", "unsafe": "red"},
}
