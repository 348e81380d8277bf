"""Daily insights of Facebook Pages and Instagram accounts, from the Graph API to PostgreSQL."""
