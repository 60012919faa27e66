"""`python -m klods` is the command `klods`."""

from klods.cli import main

if __name__ == "__main__":
    main(prog_name="klods")
