"""The costly probes of a candidate: what it remembers, what it gives away, what throws it. They measure; the judge decides."""
