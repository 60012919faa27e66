"""What the commands do; `klods.cli` reads the command line and calls these."""
