"""The catalog as a reader of the data sees it: what each column means, and which columns are unique together."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from meta_insights.store.relations import Key, Relation, described

if TYPE_CHECKING:
    import psycopg

    from meta_insights.store.warehouse import Warehouse


@pytest.fixture
def relations(warehouse: Warehouse) -> dict[str, Relation]:
    return read(warehouse)


def read(warehouse: Warehouse) -> dict[str, Relation]:
    with warehouse.transaction() as transaction:
        return described(transaction)


def test_every_column_of_a_view_is_described(relations: dict[str, Relation], database: psycopg.Connection) -> None:
    views = {name for (name,) in database.execute("select viewname from pg_views where schemaname = 'analytics'")}
    public = views & relations.keys()
    assert "integration_daily" in public
    silent = [
        f"{name}.{column.name}"
        for name in sorted(public)
        for column in relations[name].columns.values()
        if not column.description
    ]
    assert silent == []


def test_a_column_of_a_view_is_described_by_the_table_it_is_read_from(relations: dict[str, Relation]) -> None:
    of_table = relations["page_daily_metric"].columns["followers"]
    of_view = relations["integration_daily"].columns["followers"]
    assert of_view.description == of_table.description
    assert (of_table.type, of_view.type) == ("bigint", "bigint")


def test_a_comment_of_its_own_comes_first(relations: dict[str, Relation]) -> None:
    assert str(relations["stage_result"].columns["state"].description).startswith("running")
    assert str(relations["integration_daily"].columns["state"].description).startswith("complete")
    assert str(relations["organization_daily"].columns["state"].description).startswith("complete, late or incomplete")


def test_a_column_of_which_two_tables_say_different_things_is_described_by_none(
    warehouse: Warehouse, database: psycopg.Connection
) -> None:
    database.execute(
        "create view analytics.mixed as select content.organization_id, integration.id "
        "from analytics.content inner join analytics.integration using (organization_id) "
        "where content.organization_id <> '' and integration.organization_id <> ''"
    )
    database.execute("comment on view analytics.mixed is 'A view of a person.'")
    relations = read(warehouse)
    columns = relations["mixed"].columns
    assert columns["organization_id"].description is None
    assert columns["id"].description == relations["integration"].columns["id"].description


def test_keys_say_for_which_rows_they_hold(relations: dict[str, Relation]) -> None:
    key = ("organization_id", "integration_id", "external_content_id", "date")
    assert relations["content_daily_metric"].keys == (Key(key, "(deleted_at IS NULL)"),)
    assert relations["content"].keys == (Key(key[:-1], None),)
    assert Key(("id",), None) in relations["integration"].keys
    assert relations["integration_daily"].keys == ()


def test_what_is_internal_is_left_out(relations: dict[str, Relation]) -> None:
    assert {"schema_object", "requested_date", "computed_daily_change"}.isdisjoint(relations)


def test_only_a_table_requires_values(relations: dict[str, Relation]) -> None:
    columns = relations["content_daily_metric"].columns
    assert (columns["date"].is_required, columns["impressions"].is_required) == (True, False)
    assert not any(column.is_required for column in relations["integration_daily"].columns.values())
