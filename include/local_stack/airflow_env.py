"""The environment in which all of a stack's Airflow processes run."""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from string import Template

from dotenv import dotenv_values

from local_stack.credentials import Credentials
from local_stack.settings import CHECKOUT, HOST, WAREHOUSE_VARIABLE, Layout, Ports

ADMIN = "admin"

_TEMPLATE = Path(__file__).with_name("airflow.env")


def airflow_environment(
    base: Mapping[str, str], layout: Layout, ports: Ports, credentials: Credentials, dags: Path
) -> dict[str, str]:
    """Return the variables of an Airflow on this stack's PostgreSQL, over `base`, which may name another warehouse."""
    server = f"postgres:{credentials.postgres_password}@{HOST}:{ports.postgres}"
    # The stack's own servers stay out of any proxy's way.
    no_proxy = ",".join(filter(None, [base.get("NO_PROXY") or base.get("no_proxy"), HOST, "localhost"]))
    values = vars(layout) | asdict(credentials) | {"checkout": CHECKOUT, "dags": dags, "host": HOST, "admin": ADMIN}
    values |= {
        "api_url": f"http://{HOST}:{ports.api}",
        "api_port": ports.api,
        "server": server,
        "follow_schedule": ports.stays,
    }
    options = dotenv_values(_TEMPLATE, interpolate=False)
    filled_in = {name: Template(text or "").substitute(values) for name, text in options.items()}
    embedded = {WAREHOUSE_VARIABLE: f"postgresql://{server}/warehouse"}
    return {**embedded, **base, "NO_PROXY": no_proxy, "no_proxy": no_proxy, **filled_in}
