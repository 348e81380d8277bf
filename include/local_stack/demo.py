"""What the demo runs on: the sandbox's Pages as an organization's integrations, and the connection to them."""

import json
import sys
from collections.abc import Mapping
from typing import Any

ORGANIZATION = "demo"
SEED = 7
PAGES = 20
API_VERSION = "v26.0"


def sandbox_command(port: int, pages: int = PAGES) -> list[str]:
    """How the sandbox is started."""
    options = ["--port", str(port), "--seed", str(SEED), "--pages", str(pages)]
    return [sys.executable, "-m", "graph_sandbox", *options]


def integrations(state: Mapping[str, Any], conn_id: str) -> list[dict[str, str]]:
    """One integration per Page of the sandbox, `demo-01` and on, as the registry's fields.

    `state` is what the sandbox's control surface tells of itself.
    """
    return [
        {
            "id": f"demo-{number:02}",
            "organization_id": ORGANIZATION,
            "provider": "facebook",
            "external_id": page["id"],
            "name": page["name"],
            "conn_id": conn_id,
        }
        for number, page in enumerate(state["pages"], start=1)
    ]


def connection(state: Mapping[str, Any], base_url: str) -> dict[str, str]:
    """Return the fields of the Airflow connection whose token reads all of the sandbox's Pages."""
    extra = {
        "api_version": API_VERSION,
        "access_kind": "user",
        "app_id": state["app_id"],
        "app_secret": state["app_secret"],
        "allow_http": True,
    }
    return {
        "conn_type": "facebook_insights",
        "host": base_url,
        "password": state["system_user_token"],
        "extra": json.dumps(extra),
    }
