"""One procedure a file, each with a `PROCEDURE`; docs/adding-a-procedure.md says how to add one."""
