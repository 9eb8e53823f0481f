"""`python -m neurosig`."""

from neurosig.cli import main

if __name__ == "__main__":
    main()
