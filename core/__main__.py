"""`python -m core COMMAND`: what the dashboard does, without a page."""

import sys

from core.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
