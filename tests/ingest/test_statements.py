"""What a stage asks PostgreSQL for: one statement opens the attempt, one closes it, and nothing is asked twice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from meta_insights.store.files import SQL_FOLDER

if TYPE_CHECKING:
    from support.workbench import Workbench

BEGINNINGS = {path.read_text(encoding="utf-8").partition("\n")[0]: path.stem for path in SQL_FOLDER.glob("*/*.sql")}
KINDS = ("photo", "video", "reel")


@pytest.fixture
def statements(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The statements that are sent, by the names of their files; the beginning of a transaction is ``begin``."""
    sent, execute = list[str](), psycopg.Cursor.execute

    def note(cursor: psycopg.Cursor, query: bytes, params: Any = None, **options: Any) -> Any:
        text = query.decode()
        sent.append(BEGINNINGS.get(text.partition("\n")[0], text.split()[0]))
        return execute(cursor, query, params, **options)

    monkeypatch.setattr(psycopg.Cursor, "execute", note)
    return sent


def test_each_stage_of_a_page_sends_these_statements(bench: Workbench, statements: list[str]) -> None:
    page = bench.page(KINDS)
    bench.begin()
    for run_id, before_any_content in (("run-1", ["begin", "first_content"]), ("run-2", [])):
        statements.clear()
        bench.both(page, run_id)
        opened, closed = ["begin", "ingestion_run_opened", "begin", "live_content"], ["begin", "ingestion_run_closed"]
        listing = ["begin", "lock_integration", "content", "joined_content", "daily_coverage", *before_any_content]
        measured = ["begin", "lock_integration", "table_shapes", *3 * ["measured"]]
        assert statements == [*opened, *listing, *closed, *opened, *measured, *closed]
