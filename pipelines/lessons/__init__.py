"""What a model is taught: rows of the splits, divided into news and a replay of history. Shared by who trains and who audits."""
