"""A whole Airflow on one machine, for the demo and the end-to-end tests: `python -m local_stack --help`."""
