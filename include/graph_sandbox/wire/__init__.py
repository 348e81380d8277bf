"""Graph over HTTP: calls, fields, nodes, edges, errors, tokens and usage headers."""
