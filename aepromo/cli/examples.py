"""A working example of each command, for the end of its help."""

EXAMPLES = {
    "reprice": "aepromo reprice skus.csv --rate 10%..20% -o repriced.csv",
    "audit": "aepromo audit skus.csv --fail-on never --columns sku,status",
    "list-price": "aepromo list-price --target 3.50 --rate 13.2%",
    "margin": "aepromo margin --price 20 --rate 15% --purchase 8 --logistics 3",
    "commission": "aepromo commission --price 20 --rate 15%",
    "floor": "aepromo floor --purchase 10 --price 20",
    "breakeven": "aepromo breakeven skus.csv --rate 15%",
    "explain": "aepromo explain skus.csv --sku 00123 --rate 15%",
    "sweep": "aepromo sweep --price 20 --purchase 8 --logistics 3 --to 30% --step 5%",
    "rates": "aepromo rates orders.csv -o rates.csv",
    "report": "aepromo report skus.csv -o report.html",
    "forced": "aepromo forced forced.csv --config store.toml --store home",
    "appeal": "aepromo appeal appeal.csv --store-level L4 --fail-on never",
    "reverse": "aepromo reverse reverse.csv --config store.toml --store home",
    "tracking": "aepromo tracking tracking.csv --timezone Asia/Shanghai --fail-on never",
    "watch": "aepromo watch feed.csv --state feed.state --timezone Asia/Shanghai --fail-on never",
    "check": "aepromo check skus.csv",
    "rules": "aepromo rules forced.gate1",
    "doctor": "aepromo doctor --format json",
    "help": "aepromo help columns",
    "version": "aepromo version",
}
"""The files are those that come with the program, in the folders of ``examples``."""
