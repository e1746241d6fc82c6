"""The dossier of a verdict: one page and its JSON twin, made from the ledger and its evidence alone, the same bytes each time."""
