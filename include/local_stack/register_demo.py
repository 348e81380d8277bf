"""A program of its own: register the Pages of a Graph sandbox, and make the connection to it.

Run as `python -m local_stack.register_demo http://host:port` where Airflow runs. Safe to run again.
"""

import json
import subprocess
import sys
from tempfile import NamedTemporaryFile

from graph_sandbox.client import SandboxControl
from local_stack import demo
from local_stack.settings import GRAPH_CONNECTION
from meta_insights.registry import Integration, register
from meta_insights.store.warehouse import Warehouse


def main(sandbox_url: str) -> None:
    """Bring the schema up to date, register every Page, and put the token into Airflow's own database, encrypted."""
    with SandboxControl(sandbox_url) as control:
        state = control.state()
    warehouse = Warehouse()
    warehouse.upgrade()
    register(warehouse, [Integration(**row) for row in demo.integrations(state, GRAPH_CONNECTION)])
    # In a file that nobody else can read, because everybody can read a command line.
    with NamedTemporaryFile("w", suffix=".json", encoding="utf-8") as file:
        json.dump({GRAPH_CONNECTION: demo.connection(state, sandbox_url)}, file)
        file.flush()
        command = [sys.executable, "-m", "airflow", "connections", "import", "--overwrite", file.name]
        subprocess.run(command, check=True)  # noqa: S603


if __name__ == "__main__":
    main(sys.argv[1])
