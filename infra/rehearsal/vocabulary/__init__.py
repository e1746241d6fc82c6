"""The grammars that the invented documents are written from: one JSON file of rules a kind of document."""
