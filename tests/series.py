"""One Page's content, snapshots and runs, written into a warehouse by the statements that the tasks use."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from meta_insights.days import Day, midnight
from meta_insights.provider.model import Content
from meta_insights.run.integrations import Integration, register
from support.tables import table

if TYPE_CHECKING:
    import psycopg

    from meta_insights.store.warehouse import Warehouse

GRACE = timedelta(hours=24)
BEGINNING = datetime(2026, 1, 1, tzinfo=UTC)


def listed(content: Content) -> dict[str, Any]:
    """Return the row of a content as it is listed."""
    names = [field.name for field in fields(content) if field.name != "is_partial"]
    return {name: getattr(content, name) for name in names}


@dataclass
class Series:
    """The Page, or account of another ``provider``, ``page`` of the organization ``org``."""

    warehouse: Warehouse
    database: psycopg.Connection
    page: str = "page-1"
    provider: str = "facebook"
    content: dict[str, Content] = field(default_factory=dict)

    def __post_init__(self) -> None:
        register(self.warehouse, [Integration("org", self.page, self.provider, self.page[-1] * 3, f"Page {self.page}")])

    @property
    def key(self) -> dict[str, Any]:
        return {"organization_id": "org", "integration_id": self.page}

    def publish(self, content_id: str, on: date, *, hours: float = 12, content_type: str = "post") -> datetime:
        """Publish content some hours after the beginning of a Pacific day, and let it be seen."""
        at = midnight(on) + timedelta(hours=hours)
        self.content[content_id] = Content(content_id, content_type, at, content_id, None)
        self.see(content_id, at)
        return at

    def see(self, content_id: str, at: datetime) -> None:
        """List the content at an instant."""
        with self.warehouse.transaction() as transaction:
            transaction.write("content", [listed(self.content[content_id])], self.key, seen_at=at)

    def lose(self, content_id: str, at: datetime) -> None:
        """Find at an instant that the content is gone."""
        gone = self.key | {"external_content_ids": [content_id], "gone_at": at}
        with self.warehouse.transaction() as transaction:
            transaction.execute("upsert/content_deleted", gone)

    def snapshot(self, content_id: str, day: date, after: float = 4, **metrics: Any) -> datetime:
        """Observe the counters some hours after the end of a day."""
        of, at = Day(day), Day(day).end + timedelta(hours=after)
        common = self.key | {"run_id": "run", "date": day}
        rule = {"day_end": of.end, "on_time_until": of.on_time_until(GRACE), "refresh": False}
        with self.warehouse.transaction() as transaction:
            transaction.write(
                "content_daily_metric",
                [{"external_content_id": content_id, "observed_at": at, **metrics}],
                common,
                **rule,
            )
        return at

    def own_day(self, day: date, after: float = 4, **metrics: Any) -> datetime:
        """Observe the Page's own numbers of a day some hours after its end."""
        at = Day(day).end + timedelta(hours=after)
        with self.warehouse.transaction() as transaction:
            row = {"date": day, "observed_at": at, **metrics}
            transaction.write("page_daily_metric", [row], self.key | {"run_id": "run"})
        return at

    def snapshots(self, text: str, content_id: str = "1_1") -> None:
        """Observe the counters of one content on time, one row of a table per day."""
        for row in table(text):
            self.snapshot(content_id, row.pop("day"), **row)

    def ran(self, day: date, *, run_id: str = "run", **stages: str | dict[str, Any]) -> None:
        """Write how the stages of one run ended: a state, or the columns of the ledger. Both succeeded by default."""
        for stage in ("content", "metrics"):
            told = stages.get(stage, "success")
            self._ledger(day, f"{run_id}-{day}", stage, told if isinstance(told, dict) else {"state": told})

    def _ledger(self, day: date, run_id: str, stage: str, told: dict[str, Any]) -> None:
        row = self.key | {
            "run_id": run_id,
            "stage": stage,
            "attempt": 1,
            "series": "first",
            "try_number": 1,
            "map_index": 0,
            "date": day,
            "lookback_days": 28,
        }
        row["question"] = Jsonb({})
        row |= {"on_time_until": Day(day).on_time_until(GRACE), "started_at": Day(day).end}
        row |= {name: Jsonb(value) if isinstance(value, list) else value for name, value in told.items()}
        names, values = ", ".join(row), ", ".join(f"%({name})s" for name in row)
        insert = f"insert into analytics.ingestion_run as added ({names}) values ({values})"
        self.database.execute(f"{insert} returning analytics.note_result(added)".encode(), row)

    def aggregate(self, day: date, lookback_days: int = 28) -> int:
        """Compute the aggregate of a date; return how many rows changed."""
        params = {"date": day, "lookback_days": lookback_days}
        with self.warehouse.transaction() as transaction:
            return transaction.execute("transform/daily_aggregate", params)

    def rows(self, query: str, *params: Any) -> list[dict[str, Any]]:
        """Ask the warehouse."""
        with self.database.cursor(row_factory=dict_row) as cursor:
            return cursor.execute(query.encode(), params).fetchall()

    def aggregates(self, *columns: str) -> list[tuple[Any, ...]]:
        """Return those columns of every aggregate row, by date and type."""
        query = (
            f"select {', '.join(columns)} from analytics.daily_aggregate order by date, integration_id, content_type"
        )
        return self.database.execute(query.encode()).fetchall()
