"""The run: which date, which integrations, which attempt, and what it achieved."""
