"""The scripts that Alembic runs, in the layout that it expects; :mod:`pipelines.ledger.migrating` runs them."""
