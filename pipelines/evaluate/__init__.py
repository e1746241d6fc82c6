"""Candidate, champion and anchor on the very same rows: outcomes, from which every metric and every test is computed."""
