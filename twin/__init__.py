"""The patients' twins and what happened to them: repository, records, jobs."""
