"""The sources of `include/dbt`, written from the schema of a database that is made for it and thrown away."""

import os
import tempfile
from pathlib import Path

import psycopg

from local_stack.postgres import EmbeddedPostgres
from local_stack.settings import CHECKOUT, choose_port

SOURCES = CHECKOUT / "include" / "dbt" / "models" / "meta_insights.yml"
DASHBOARDS = CHECKOUT / "include" / "grafana"


def write(file: Path = SOURCES) -> None:
    """Write the file anew."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)  # the server's user is another one where this is root
        os.environ["AIRFLOW_HOME"] = name
        # Importing Airflow takes seconds, and makes its home.
        from meta_insights.dbt import project  # noqa: PLC0415
        from meta_insights.store import schema  # noqa: PLC0415
        from meta_insights.store.files import SQL_FOLDER  # noqa: PLC0415
        from meta_insights.store.relations import described  # noqa: PLC0415
        from meta_insights.store.warehouse import Transaction  # noqa: PLC0415

        server = EmbeddedPostgres(folder / "data", choose_port(), "dbt", folder / "log")
        server.start()
        try:
            server.create_database("dbt")
            with psycopg.connect(server.dsn("dbt")) as connection:
                schema.upgrade(connection, SQL_FOLDER)
                relations = described(Transaction(connection, {}))
        finally:
            server.stop()
    file.write_text(project(relations, sorted(DASHBOARDS.glob("*.json"))), encoding="utf-8")
