"""A program of its own: bring the warehouse's schema up to date and register integrations.

Run as `python -m local_stack.warehouse_setup` in the stack's environment, with a JSON list of integrations on
standard input, because Airflow's hooks read their connection from the environment of their process.
"""

import json
import sys

import psycopg

from meta_insights.errors import ConfigurationError
from meta_insights.registry import Integration, register
from meta_insights.store.warehouse import Warehouse


def main() -> None:
    """Migrate, then register what standard input lists; an empty list registers nothing."""
    integrations = [Integration(**row) for row in json.load(sys.stdin)]
    warehouse = Warehouse()
    warehouse.upgrade()
    if integrations:
        register(warehouse, integrations)


if __name__ == "__main__":
    try:
        main()
    except (psycopg.Error, ConfigurationError) as error:
        sys.exit(f"The warehouse cannot be prepared: {error}")
