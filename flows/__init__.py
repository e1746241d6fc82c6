"""When and where: Prefect flows over the operations in ``pipelines``, and the command line over the flows."""
