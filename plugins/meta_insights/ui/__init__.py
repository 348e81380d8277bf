"""The Insights view inside Airflow's UI: pages that read the warehouse, and change nothing."""
