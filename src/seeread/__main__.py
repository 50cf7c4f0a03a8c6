"""`python -m seeread` is `seeread`."""

from seeread.cli.main import main

if __name__ == "__main__":
    main()
