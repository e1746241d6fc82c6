"""Where Addendum runs, and the stage on which it is rehearsed."""
