"""Connectors: what has a source published, changed, withdrawn or retracted since we last looked?"""
