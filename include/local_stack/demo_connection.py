"""Prepares the warehouse, and makes the connection to a Graph sandbox.

`python -m local_stack.demo_connection [http://host:port]`
"""

import json
import sys
from collections.abc import Mapping
from typing import Any

import psycopg
from airflow.models.connection import Connection
from airflow.utils.session import create_session

from graph_sandbox.control.client import SandboxControl
from local_stack.settings import GRAPH_CONNECTION
from meta_insights.errors import ConfigurationError
from meta_insights.store.warehouse import Warehouse


def connection(state: Mapping[str, Any], base_url: str) -> dict[str, Any]:
    """Return the fields of the Airflow connection whose token reads all of the sandbox's Pages and their accounts.

    `state` is what the sandbox's control surface says of itself.
    """
    extra = {"api_version": "v26.0", "access_kind": "user", **{key: state[key] for key in ("app_id", "app_secret")}}
    extra["allow_http"] = True  # between containers, where no name is a loopback address
    fields = {"conn_type": "facebook_insights", "host": base_url, "password": state["system_user_token"]}
    return fields | {"extra": json.dumps(extra)}


def main(sandbox_url: str | None = None) -> None:
    """Upgrade the schema; then, with a sandbox, make the connection to it, encrypted."""
    Warehouse().upgrade()
    if sandbox_url is not None:
        with SandboxControl(sandbox_url) as control:
            state = control.state()
        with create_session() as session:
            session.query(Connection).filter_by(conn_id=GRAPH_CONNECTION).delete()
            session.add(Connection(conn_id=GRAPH_CONNECTION, **connection(state, sandbox_url)))


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except (psycopg.Error, ConfigurationError) as error:
        sys.exit(f"The warehouse cannot be prepared: {error}")
