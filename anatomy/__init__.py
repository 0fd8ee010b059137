"""The patient's body in RAS millimetres: grids, labels, surfaces, landmarks, phantoms."""
