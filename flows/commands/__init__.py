"""The commands of ``addendum``, a module a theme; each imports what it needs when it is called, so that ``--help`` is instant."""
