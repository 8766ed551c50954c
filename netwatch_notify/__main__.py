"""`python -m netwatch_notify`."""

from netwatch_notify.cli.main import main

if __name__ == "__main__":
    main()
