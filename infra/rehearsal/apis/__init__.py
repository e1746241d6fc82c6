"""How each source answers: one module a source, from a request and the published documents to a reply of the real shape."""
