"""The commands behind `make run`, `make up`, `make down`, `make psql` and `make secrets`."""

import argparse
import logging
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from types import FrameType
from typing import NoReturn

import psycopg
import requests
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from local_stack import postgres
from local_stack.airflow_client import AirflowApiError
from local_stack.airflow_env import ADMIN
from local_stack.credentials import complete_dotenv
from local_stack.daily_run import run_day
from local_stack.days import day_of
from local_stack.settings import CHECKOUT, environment_of_checkout
from local_stack.stack import LocalStack, StackError
from local_stack.state import StackBusyError, StackState, exclusive

log = logging.getLogger("local_stack")

_STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_SPOKEN = (
    StackError,
    StackBusyError,
    postgres.PostgresError,
    AirflowApiError,
    ValueError,
    psycopg.OperationalError,
    requests.RequestException,
)
"""Errors whose text is meant for the person at the terminal."""


def run(date: str) -> int:
    """Run one date, on the stack that `make up` left running or on one for this run alone."""
    day = day_of(date, datetime.now(UTC))
    stack = LocalStack()
    if stack.is_running():
        with exclusive(stack.layout.lock):
            stack.attach()
            return 0 if run_day(stack, day) else 1
    with stack:
        return 0 if run_day(stack, day) else 1


def up() -> int:
    """Start a stack that stays, and say where it is."""
    env = {"META_INSIGHTS_API_PORT": "8080"} | environment_of_checkout()
    stack = LocalStack(env=env, follow_schedule=True)
    with exclusive(stack.layout.lock):
        if stack.is_running():
            log.info("It is running already.")
        else:
            _start_whole(stack)
    log.info("\nAirflow     %s\nuser        %s", stack.airflow.base_url, ADMIN)
    log.info("password    %s\nlogs        %s", stack.credentials.admin_password, stack.log_folder)
    log.info("\n`make run` runs a date on it, `make psql` opens the warehouse, `make down` stops it.")
    return 0


def _start_whole(stack: LocalStack) -> None:
    """Start the stack, or leave nothing of it behind."""
    try:
        stack.start()
    except BaseException:
        stack.stop()
        raise


def down() -> int:
    """Stop what this checkout started."""
    stack = LocalStack()
    with exclusive(stack.layout.lock):
        was_there = StackState.load(stack.layout.state) is not None
        stack.stop()
    log.info("Stopped." if was_there else "Nothing is running.")
    return 0


def secrets() -> int:
    """Write the secrets that docker-compose.yaml asks for to `.env`, unless they are there."""
    added = complete_dotenv(CHECKOUT / ".env")
    log.info("Added to .env: %s", ", ".join(added) or "nothing, it is complete")
    return 0


def psql(arguments: Sequence[str]) -> int:
    """Open the warehouse, starting PostgreSQL for the time if nothing runs."""
    stack = LocalStack()
    if StackState.load(stack.layout.state) is not None:
        return _psql(stack, arguments)
    with exclusive(stack.layout.lock):
        try:
            stack.start_postgres_alone()
            return _psql(stack, arguments)
        finally:
            stack.stop()


def _psql(stack: LocalStack, arguments: Sequence[str]) -> int:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is psql's: it cancels a query
    database = conninfo_to_dict(stack.warehouse_dsn)
    settings = {
        "PGPASSWORD": str(database.pop("password", "")),  # not on the command line, where others could read it
        "PGOPTIONS": "-c search_path=analytics,public",
        "PSQL_HISTORY": str(stack.layout.psql_history),
    }
    command = [str(postgres.program("psql")), f"--dbname={make_conninfo('', **database)}", *arguments]
    return subprocess.run(command, env={**os.environ, **settings}, check=False).returncode  # noqa: S603


def main() -> int:
    """Run the command that was asked for; 1 when it failed, with a sentence and no traceback where one is due."""
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stdout)
    for number in _STOP_SIGNALS:
        signal.signal(number, _interrupt)
    arguments = _arguments()
    try:
        return _dispatch(arguments)
    except _SPOKEN as error:
        log.error("%s", error)  # noqa: TRY400 (the text is enough; a traceback would hide it)
        return 1
    except KeyboardInterrupt:
        log.error("Stopped.")  # noqa: TRY400
        return 130


def _dispatch(arguments: argparse.Namespace) -> int:
    if arguments.command == "run":
        return run(arguments.date)
    if arguments.command == "psql":
        return psql(arguments.arguments)
    return {"up": up, "down": down, "secrets": secrets}[arguments.command]()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m local_stack", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("run", help=run.__doc__).add_argument("--date", default="", help="YYYY-MM-DD")
    commands.add_parser("up", help=up.__doc__)
    commands.add_parser("down", help=down.__doc__)
    commands.add_parser("secrets", help=secrets.__doc__)
    commands.add_parser("psql", help=psql.__doc__)
    known, rest = parser.parse_known_args()
    if rest and known.command != "psql":
        parser.error(f"unknown arguments: {' '.join(rest)}")
    return argparse.Namespace(**vars(known), arguments=rest)


def _interrupt(_number: int, _frame: FrameType | None) -> NoReturn:
    """End the command as Ctrl-C does; another signal does not disturb the stopping of what it started."""
    for number in _STOP_SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
