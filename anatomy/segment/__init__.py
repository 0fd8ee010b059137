"""From an image to labels: one method a file, arrays and lattices in, arrays out."""
