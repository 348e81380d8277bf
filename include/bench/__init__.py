"""Measurements and demonstrations, in a PostgreSQL and over a Graph sandbox of their own."""
