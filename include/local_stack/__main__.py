"""The commands behind the Makefile."""

import logging
import os
import signal
import subprocess
import sys
from pathlib import Path
from string import Template
from tempfile import TemporaryDirectory
from types import FrameType
from typing import Annotated, NoReturn

import psycopg
import requests
import typer
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from local_stack import dbt as dbt_sources
from local_stack import picture as pictures
from local_stack import postgres, questions
from local_stack.airflow_env import ADMIN
from local_stack.credentials import complete_dotenv
from local_stack.daily_run import clock_held_for, run_day
from local_stack.days import day_of
from local_stack.report import console, say
from local_stack.settings import CHECKOUT, ORGANIZATION, StackError, exclusive, read_environment
from local_stack.stack import DAG_ID, REGISTER_DAG_ID, REGISTER_PARAMS, LocalStack

_STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
# Errors whose text is meant for the person at the terminal.
_EXPLAINED = (StackError, ValueError, psycopg.OperationalError, requests.RequestException)
_BREAK_SOMETHING = Template(Path(__file__).with_name("break_something.txt").read_text(encoding="utf-8"))

app = typer.Typer(help=__doc__, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
_PASS_ON = {"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []}
DateText = Annotated[str, typer.Option(help="YYYY-MM-DD")]


@app.command()
def run(date: DateText = "") -> None:
    """Run one date, on the stack that `make up` left running or on one for this run alone."""
    day, stack = day_of(date), LocalStack()
    if stack.is_running():
        with exclusive(stack.layout.lock):
            succeeded = run_day(stack, day)
    else:
        with stack:
            succeeded = run_day(stack, day)
    raise typer.Exit(not succeeded)


@app.command()
def up() -> None:
    """Start a stack that stays, and say where it is."""
    stack = LocalStack(env={"META_INSIGHTS_API_PORT": "8080"} | read_environment(), stays=True)
    with exclusive(stack.layout.lock):
        if stack.is_running():
            say("It is running already.")
        else:
            stack.start()
    password = stack.credentials.admin_password
    say(f"\nAirflow  {stack.airflow.base_url}, user {ADMIN}, password {password}\nlogs     {stack.layout.logs}")
    if stack.uses_sandbox:
        page = stack.sandbox.state()["pages"][0]
        say(_BREAK_SOMETHING.substitute(page=page["id"], name=page["name"], url=stack.sandbox.base_url))
    say("\n`make run` runs a date on it, `make psql` opens the warehouse, `make down` stops it.")


@app.command()
def down() -> None:
    """Stop what this checkout started."""
    stack = LocalStack()
    with exclusive(stack.layout.lock):
        stack.stop()
    say("Stopped.")


@app.command()
def secrets() -> None:
    """Write the secrets that docker-compose.yaml asks for to `.env`, unless they are there."""
    added = complete_dotenv(CHECKOUT / ".env")
    say(f"Added to .env: {', '.join(added) or 'nothing, it is complete'}")


@app.command(context_settings=_PASS_ON)
def psql(context: typer.Context) -> None:
    """Open the warehouse, starting PostgreSQL for the time if nothing runs."""
    stack = LocalStack()
    with stack.databases():
        database = conninfo_to_dict(stack.warehouse_dsn)
        password = str(database.pop("password", ""))  # not on the command line, where others could read it
        settings = {"PGPASSWORD": password, "PGOPTIONS": "-c search_path=analytics,public"}
        command = [str(postgres.program("psql")), f"--dbname={make_conninfo('', **database)}", *context.args]
        _run_to_its_end(command, {**os.environ, **settings, "PSQL_HISTORY": str(stack.layout.home / "psql_history")})


@app.command(context_settings=_PASS_ON)
def airflow(context: typer.Context) -> None:
    """Run Airflow's command line in the stack's environment, starting PostgreSQL for the time if nothing runs."""
    stack = LocalStack()
    with stack.databases():
        if stack.prepare_airflow_database():
            stack.run_module("reserialize", "airflow", "dags", "reserialize")
        _run_to_its_end([sys.executable, "-m", "airflow", *context.args], stack.environment)


def _run_to_its_end(command: list[str], environment: dict[str, str]) -> NoReturn:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the program's: in psql it cancels a query
    raise typer.Exit(subprocess.run(command, env=environment, check=False).returncode)  # noqa: S603


@app.command()
def ask(
    question: Annotated[str, typer.Argument()] = "",
    organization: str = ORGANIZATION,
    integration: str = "",
    first: DateText = "",
    last: DateText = "",
) -> None:
    """Ask the warehouse a question of include/sql/question, or list them."""
    if not question:
        console.print(questions.list_questions())
        return
    stack = LocalStack()
    with stack.databases():
        console.print(questions.ask(stack.warehouse_dsn, question, organization, integration, first, last))


@app.command()
def picture() -> None:
    """Write the picture of the README, with a new Airflow and warehouse, which are deleted again."""
    (var := CHECKOUT / "var").mkdir(exist_ok=True)
    with TemporaryDirectory(dir=var) as home, LocalStack(Path(home), pages=6, accounts=3) as stack:
        pictures.fill(stack)
        pictures.take(stack.airflow, pictures.PICTURE)
    say(f"Written: {pictures.PICTURE.relative_to(CHECKOUT)}")


@app.command()
def dbt() -> None:
    """Write the sources of include/dbt from the schema."""
    dbt_sources.write()
    say(f"Written: {dbt_sources.SOURCES.relative_to(CHECKOUT)}")


@app.command()
def debug(date: DateText = "", home: Path = CHECKOUT / "var" / "debug") -> None:
    """Run the DAGs in this very process, with a sandbox and a database of its own, so that breakpoints hold."""
    day, stack = day_of(date), LocalStack(home)
    with stack.databases():
        stack.prepare_airflow_database()
        stack.services.start({"sandbox": stack.commands()["sandbox"]}, stack.environment, stack.layout.logs)
        stack.prepare_warehouse()
        os.environ |= stack.environment
        from airflow import settings  # noqa: PLC0415 (it reads its configuration when it is imported)
        from airflow.dag_processing.dagbag import DagBag  # noqa: PLC0415

        with clock_held_for(stack, day):
            dags = DagBag(CHECKOUT / "dags").dags
            dags[REGISTER_DAG_ID].test(run_conf=REGISTER_PARAMS)
            run = dags[DAG_ID].test(run_conf={"date": day.isoformat()})
        settings.dispose_orm()  # before its server stops
    raise typer.Exit(run.state != "success")


def _interrupt(_number: int, _frame: FrameType | None) -> NoReturn:
    """End the command as Ctrl-C does; another signal does not disturb the stopping of what it started."""
    for number in _STOP_SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stdout)
    for _number in _STOP_SIGNALS:
        signal.signal(_number, _interrupt)
    try:
        app()
    except _EXPLAINED as error:  # with a sentence and no traceback
        say(str(error))
        sys.exit(1)
