"""Measurements over generated data, in an embedded PostgreSQL of their own."""
