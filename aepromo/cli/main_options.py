"""The options of each command that people use most, which its help shows first."""

_UNIT = ("--price", "--purchase", "--logistics", "--rate")

MAIN_OPTIONS: dict[str, tuple[str, ...]] = {
    "reprice": ("--rate", "--target-profit", "--spend-save", "--max-change", "--output"),
    "audit": ("--rate", "--spend-save", "--fail-on", "--only", "--output"),
    "list-price": ("--target", "--rate", "--purchase", "--logistics", "--target-profit"),
    "margin": (*_UNIT, "--output"),
    "commission": ("--price", "--rate", "--commission", "--payment", "--output"),
    "floor": ("--purchase", "--price", "--rate", "--cost-currency", "--output"),
    "breakeven": (*_UNIT, "--promotion"),
    "explain": ("--sku", *_UNIT),
    "sweep": ("--price", "--purchase", "--logistics", "--to", "--step"),
    "report": ("--output", "--rate", "--spend-save", "--rates", "--config"),
    "rates": ("--since", "--quantile", "--currency", "--columns", "--output"),
    "forced": ("--config", "--store", "--store-level", "--market", "--output"),
    "appeal": ("--store-level", "--rate", "--worksheet", "--fail-on", "--output"),
    "reverse": ("--config", "--store", "--market", "--running", "--output"),
    "tracking": ("--timezone", "--now", "--carriers", "--fail-on", "--output"),
    "watch": ("--state", "--timezone", "--ack", "--fail-on", "--output"),
    "check": ("--write", "--map", "--encoding", "--sheet", "--config"),
    "rules": ("--config", "--format", "--columns", "--value", "--output"),
    "doctor": ("--config", "--format", "--columns", "--value", "--output"),
    "help": (),
    "version": (),
}
