"""The Graph API as one principal sees it. Imports nothing of Airflow."""
