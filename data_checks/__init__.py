"""What rows must look like before anything learns from them: Great Expectations suites as typed functions over a data frame."""
