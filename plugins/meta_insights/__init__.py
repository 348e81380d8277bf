"""Daily insights of Facebook Pages, from the Graph API to PostgreSQL."""
