"""What keeps the project in order: the ways in, the derived files, the notebooks."""
