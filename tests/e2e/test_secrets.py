"""No token stands anywhere but in the encrypted connection: logs, XComs, rendered templates, tables and error texts."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING

import psycopg

from local_stack import postgres

if TYPE_CHECKING:
    from scene import Scene


def dump(dsn: str) -> str:
    """Return every row of a database as text."""
    command = [str(postgres.program("pg_dump")), "--data-only", "--inserts", f"--dbname={dsn}"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def test_no_token_is_anywhere_but_in_the_encrypted_connection(scene: Scene) -> None:
    sandbox, pages = scene.stack.sandbox, scene.world.pages
    for number, kind in enumerate(("revoked_token", "server_error", "truncated_json", "drop_connection")):
        sandbox.fault(kind, pages[number].id, edge="published_posts" if number else None)
    sandbox.fault("missing_permission", pages[4].id, edge="video_insights")
    run_id, state = scene.run(integration_ids=scene.ids(*range(6)))
    assert state == "failed"

    state_of_sandbox = sandbox.state()
    secrets = {page["token"] for page in state_of_sandbox["pages"]}
    secrets |= {state_of_sandbox["system_user_token"], state_of_sandbox["app_secret"]}
    assert all(len(secret) > 20 for secret in secrets)
    places = {
        "airflow's database": dump(scene.stack.postgres.dsn("airflow")),
        "the warehouse": dump(scene.stack.warehouse_dsn),
        "the XComs": json.dumps(scene.airflow.xcoms(run_id)),
    }
    files = [path for path in scene.stack.layout.home.rglob("*") if path.is_file() and "postgres" not in path.parts]
    places |= {str(path): path.read_text(encoding="utf-8", errors="replace") for path in files}

    task_logs = [text for name, text in places.items() if name.endswith(".log") and run_id in name]
    assert len(task_logs) > 10
    assert any("code 190" in text for text in task_logs)  # the places searched are those that were written
    assert run_id in places["the warehouse"]
    assert "integration.content" in places["airflow's database"]
    assert {name for name, text in places.items() for secret in secrets if secret in text} == set()

    with psycopg.connect(scene.stack.postgres.dsn("airflow")) as connection:
        (kept,) = connection.execute(
            "select password, is_encrypted, extra, is_extra_encrypted from connection "
            "where conn_id = 'meta_graph_default'"
        ).fetchall()
    assert kept[1] is True
    assert kept[3] is True
    assert kept[0].startswith("gAAAA")  # Fernet
