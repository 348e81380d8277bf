import os
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from local_stack import postgres
from local_stack.postgres import EmbeddedPostgres
from local_stack.settings import StackError, choose_port

Start = Callable[[EmbeddedPostgres], int]


@pytest.fixture
def server(tmp_path: Path) -> EmbeddedPostgres:
    """A server in a path longer than any unix socket's may be, with spaces in it."""
    home = tmp_path / "a folder with spaces" / "and a name that goes on and on" / ("deep " * 20).strip()
    home.mkdir(parents=True)
    assert len(str(home)) > 160
    return EmbeddedPostgres(home / "data", choose_port(), "secret", home / "postgres.log")


@pytest.fixture
def start() -> Iterator[Start]:
    """Start a server that is stopped after the test; return its process id."""
    started: list[EmbeddedPostgres] = []

    def start_server(server: EmbeddedPostgres) -> int:
        started.append(server)
        server.start()
        return server.pid()

    yield start_server
    for server in started:
        server.stop()


def ask(dsn: str, query: str) -> object:
    with psycopg.connect(dsn, autocommit=True) as connection:
        cursor = connection.execute(query.encode())
        row = cursor.fetchone() if cursor.description else None
        return row[0] if row else None


def test_a_server_in_a_deep_path_with_spaces_keeps_its_data_over_a_restart(
    server: EmbeddedPostgres, start: Start
) -> None:
    start(server)
    server.create_database("warehouse")
    server.create_database("warehouse")  # again: nothing happens
    ask(server.dsn("warehouse"), "create table kept as select 'Tết 日本' as words")
    server.stop()
    assert not server.pid()
    assert not (server.data / "postmaster.pid").exists()
    start(server)
    assert ask(server.dsn("warehouse"), "select words from kept") == "Tết 日本"


def test_the_server_is_postgresql_18_in_utf_8_on_one_port_of_the_loopback_interface(
    server: EmbeddedPostgres, start: Start
) -> None:
    start(server)
    dsn = server.dsn("postgres")
    assert str(ask(dsn, "show server_version")).startswith("18")
    assert ask(dsn, "show server_encoding") == "UTF8"
    assert ask(dsn, "select lower('ĐẸP')") == "đẹp"
    assert ask(dsn, "show listen_addresses") == "127.0.0.1"
    assert ask(dsn, "show unix_socket_directories") == ""
    assert ask(dsn, "show timezone") == "UTC"
    assert ask(dsn, "show fsync") == "on"


def test_nobody_logs_in_without_the_password(server: EmbeddedPostgres, start: Start) -> None:
    start(server)
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(replace(server, password="guess").dsn("postgres"))
    assert not list(server.data.parent.glob("*password*"))


def test_a_server_that_was_killed_is_started_again(server: EmbeddedPostgres, start: Start) -> None:
    killed = start(server)
    ask(server.dsn("postgres"), "create table kept as select 1 as number")
    os.kill(killed, signal.SIGKILL)
    while server.pid():
        time.sleep(0.01)
    start(server)
    assert ask(server.dsn("postgres"), "select number from kept") == 1


def test_a_stale_pid_file_whose_pid_another_program_has_now_is_no_hindrance(
    server: EmbeddedPostgres, start: Start
) -> None:
    start(server)
    server.stop()
    yesterday = int(time.time()) - 86_400
    stale = f"{os.getpid()}\n{server.data}\n{yesterday}\n{server.port}\n\n127.0.0.1\n  1 1\nready\n"
    (server.data / "postmaster.pid").write_text(stale)
    start(server)
    assert ask(server.dsn("postgres"), "select 1") == 1


def test_a_server_that_still_has_the_data_open_is_stopped_first(server: EmbeddedPostgres, start: Start) -> None:
    forgotten = start(server)
    moved = replace(server, port=choose_port())
    start(moved)
    assert moved.pid() not in {0, forgotten}
    assert ask(moved.dsn("postgres"), "select 1") == 1


def test_an_initialization_that_was_cut_short_is_done_anew(server: EmbeddedPostgres, start: Start) -> None:
    server.data.mkdir()
    (server.data / "base").mkdir()
    if os.geteuid() == 0:
        os.chown(server.data, 65534, 65534)
    start(server)
    assert ask(server.dsn("postgres"), "select 1") == 1


def test_data_with_another_password_than_the_one_kept_is_reported(server: EmbeddedPostgres, start: Start) -> None:
    start(server)
    server.stop()
    with pytest.raises(StackError, match="has another password: `make clean` begins anew"):
        start(replace(server, password="new"))


def test_a_server_that_cannot_start_says_what_it_said(server: EmbeddedPostgres, start: Start) -> None:
    start(server)
    server.stop()
    settings = server.data / "postgresql.conf"
    settings.write_text("no_such_setting = on\n")
    with pytest.raises(StackError, match="no_such_setting"):
        start(server)


def test_stopping_a_server_that_is_gone_is_no_trouble(server: EmbeddedPostgres, start: Start) -> None:
    os.kill(start(server), signal.SIGKILL)
    while server.pid():
        time.sleep(0.01)
    server.stop()


def test_programs_and_data_in_a_folder_closed_to_others_are_no_hindrance_even_to_root(
    tmp_path: Path, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    (closed / "bin").symlink_to(postgres.program("postgres").parent)
    monkeypatch.setattr(postgres, "program", lambda name: closed / "bin" / name)
    server = EmbeddedPostgres(closed / "data", choose_port(), "secret", closed / "postgres.log")
    start(server)
    assert ask(server.dsn("postgres"), "select 1") == 1


def test_root_without_setpriv_reads_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr("shutil.which", lambda _name: None)
    server = EmbeddedPostgres(tmp_path / "data", choose_port(), "secret", tmp_path / "postgres.log")
    with pytest.raises(StackError, match="be an ordinary user, or install setpriv"):
        server.start()
