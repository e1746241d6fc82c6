"""The nouns of Addendum: plain immutable records that every other room speaks in, needing only the standard library."""
