"""Measurements and demonstrations over the Graph sandbox: what the package does when things go wrong, and its cost."""
