"""From Airflow's way to write a PostgreSQL connection to libpq's."""

import json
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from psycopg.conninfo import make_conninfo
from psycopg.pq import Conninfo


def conninfo_of(connection: str) -> str:
    """Return the libpq connection string of the value of an `AIRFLOW_CONN_*` variable, which is a URI or JSON.

    Of the extras, those that libpq knows are kept (`sslmode`, …); others are for Airflow's hook alone.
    ValueError if the value is neither.
    """
    fields = _from_json(connection) if connection.lstrip().startswith("{") else _from_uri(connection)
    known = {option.keyword.decode() for option in Conninfo.get_defaults()}
    extras = {name: value for name, value in fields.pop("extra").items() if name in known}
    return make_conninfo(**extras, **{name: value for name, value in fields.items() if value})


def _from_json(text: str) -> dict[str, Any]:
    body = json.loads(text)
    extra = body.get("extra") or {}
    return {
        "host": body.get("host"),
        "port": body.get("port"),
        "user": body.get("login"),
        "password": body.get("password"),
        "dbname": body.get("schema"),
        "extra": json.loads(extra) if isinstance(extra, str) else extra,
    }


def _from_uri(text: str) -> dict[str, Any]:
    uri = urlsplit(text)
    if uri.scheme not in {"postgres", "postgresql"}:
        raise ValueError("the connection is no postgres:// URI and no JSON object")
    query = dict(parse_qsl(uri.query))
    return {
        "host": unquote(uri.hostname or ""),
        "port": uri.port,
        "user": unquote(uri.username or ""),
        "password": unquote(uri.password or ""),
        "dbname": unquote(uri.path.strip("/")),
        "extra": query | json.loads(query.pop("__extra__", "{}")),
    }
