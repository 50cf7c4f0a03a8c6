"""`python -m seeread` is `seeread`."""

import sys

from seeread.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
