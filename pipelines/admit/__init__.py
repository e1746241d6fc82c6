"""Admission: what of a drop is fit for the corpus, what waits in quarantine, and when the drop is refused as a whole."""
