"""Reads what a provider declares, over a Graph client: the one engine for every provider. Knows no Airflow."""
