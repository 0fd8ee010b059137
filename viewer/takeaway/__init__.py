"""What leaves the planning page: reports, lines and segmentations for 3D Slicer, meshes, plans."""
