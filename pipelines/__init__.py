"""Addendum's operations: what is done to documents, models and records. Flows decide when; this decides how."""
