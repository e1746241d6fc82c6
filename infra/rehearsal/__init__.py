"""A rehearsal: invented documents behind the sources' real interfaces, so that the whole loop can be played on one machine.

Everything published here is synthetic and generated from a seed; nothing is taken from a real record.
"""
