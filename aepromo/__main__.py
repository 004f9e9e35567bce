"""``python -m aepromo``."""

from aepromo.cli import main

main()
