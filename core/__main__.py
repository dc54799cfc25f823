"""`python -m core COMMAND`: what the dashboard does, without a page."""

import os
import sys

# Before NumPy is imported: small products are slower on several threads.
os.environ.setdefault("OMP_NUM_THREADS", "1")

from core.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
