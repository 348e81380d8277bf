"""Write the dump that a release keeps: `PYTHONPATH=include:plugins python tests/store/write_release.py 0.1.0`.

Done when a version is tagged, and not again: later upgrades are tested from it.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

import psycopg

from local_stack.postgres import EmbeddedPostgres, program
from local_stack.settings import choose_port
from meta_insights.store import schema
from meta_insights.store.files import SQL_FOLDER

WHAT = (
    ("--schema-only", "--no-owner", "--no-privileges"),
    ("--data-only", "--inserts", "--table=analytics.schema_object"),
)
"""The schema, and which texts it was made from."""


def dump(dsn: str) -> str:
    """Return what `psql` restores, without the session keys that pg_dump invents each time."""
    command = str(program("pg_dump"))
    parts = [subprocess.run([command, *what, dsn], check=True, capture_output=True, text=True).stdout for what in WHAT]
    return "".join(line for line in "".join(parts).splitlines(keepends=True) if "restrict " not in line)


def main(release: str) -> None:
    """Upgrade an empty database, and dump it."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        server = EmbeddedPostgres(folder / "data", choose_port(), "release", folder / "log")
        server.start()
        try:
            server.create_database("release")
            with psycopg.connect(server.dsn("release")) as connection:
                schema.upgrade(connection, SQL_FOLDER)
            text = dump(server.dsn("release"))
        finally:
            server.stop()
    Path(__file__).with_name("releases").joinpath(f"{release}.sql").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1])
