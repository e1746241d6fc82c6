"""Measurements of what is promised; each prints its table and writes its page."""
