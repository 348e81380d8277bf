import json

import pytest
from psycopg.conninfo import conninfo_to_dict

from local_stack.dsn import conninfo_of

WANTED = {"host": "db.example", "port": "5433", "user": "writer", "password": "p@ss/word", "dbname": "insights"}


@pytest.mark.parametrize(
    "connection",
    [
        "postgresql://writer:p%40ss%2Fword@db.example:5433/insights",
        "postgres://writer:p%40ss%2Fword@db.example:5433/insights",  # the scheme that Airflow itself writes
        json.dumps(
            {
                "conn_type": "postgres",
                "host": "db.example",
                "port": 5433,
                "login": "writer",
                "password": "p@ss/word",
                "schema": "insights",
            }
        ),
    ],
)
def test_a_uri_and_json_lead_to_the_same_database(connection: str) -> None:
    assert conninfo_to_dict(conninfo_of(connection)) == WANTED


@pytest.mark.parametrize(
    "connection",
    [
        "postgresql://host/db?sslmode=require&cursor=dictcursor",
        'postgresql://host/db?__extra__={"sslmode": "require", "cursor": "dictcursor"}',
        '{"conn_type": "postgres", "host": "host", "schema": "db", "extra": {"sslmode": "require", "iam": true}}',
        '{"conn_type": "postgres", "host": "host", "schema": "db", "extra": "{\\"sslmode\\": \\"require\\"}"}',
    ],
)
def test_extras_that_libpq_knows_are_kept_and_those_of_airflows_hook_are_not(connection: str) -> None:
    assert conninfo_to_dict(conninfo_of(connection)) == {"host": "host", "dbname": "db", "sslmode": "require"}


@pytest.mark.parametrize("connection", ["mysql://host/db", "host/db", "{not json"])
def test_what_is_no_postgresql_connection_is_refused(connection: str) -> None:
    with pytest.raises(ValueError, match=r"postgres://|property name"):
        conninfo_of(connection)
