"""The gate: reads what every model did on the same rows, and says with its evidence whether the candidate may serve."""
