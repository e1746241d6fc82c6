"""From rows to a candidate: news, a replay of history, and the champion to start from."""
