"""What a surgeon does with an anatomy: measure, plan, score. Knows no browser and no people."""
