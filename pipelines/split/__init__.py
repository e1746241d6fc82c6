"""Families to their splits, for ever; nothing that resembles a row on the other side crosses."""
