"""The stage that lays the corpus, as it stood at the pin, into the workspace."""
