"""Components of ours on a Panel page."""
