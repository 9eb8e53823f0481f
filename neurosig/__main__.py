"""Run the program as `python -m neurosig`."""

from neurosig.cli.app import main

if __name__ == "__main__":
    main()
