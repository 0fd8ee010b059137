"""Pages: a State, a Logic and a view each."""
