"""Paging on answers written down by hand; the client's tests page over HTTP."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from meta_insights.graph.errors import GraphPermissionError, GraphTooMuchDataError, GraphTransientError
from meta_insights.graph.paging import MAX_PAGE_SIZE, PageSize, checked, paginate
from meta_insights.graph.transport import Answer

EDGE = list(range(120))


class Edge:
    """An edge of objects that gives at most ``most`` of them at once."""

    def __init__(self, most: int = MAX_PAGE_SIZE) -> None:
        self.most = most
        self.asked: list[dict[str, Any]] = []

    def get(self, path: str, **params: Any) -> Answer:
        assert path == "1/posts"
        self.asked.append(params)
        if params["limit"] > self.most:
            raise GraphTooMuchDataError("reduce", path)
        start = int(params.get("after", 0))
        end = start + params["limit"]
        paging = {"cursors": {"after": str(end)}, **({"next": "https://…"} if end < len(EDGE) else {})}
        return Answer({"data": EDGE[start:end], "paging": paging}, datetime.now(UTC))


def read(edge: Edge, size: PageSize) -> list[int]:
    return [node for answer in paginate(edge.get, "1/posts", {"fields": "id"}, size) for node in answer.nodes]


@pytest.mark.parametrize(("size", "calls"), [(100, 2), (60, 2), (7, 18), (1, 120)])
def test_an_edge_is_read_to_its_end_whatever_the_page_size(size: int, calls: int) -> None:
    edge = Edge()
    assert read(edge, PageSize(size)) == EDGE
    assert len(edge.asked) == calls
    assert edge.asked[0] == {"fields": "id", "limit": size}


def test_too_much_data_halves_the_page_from_the_same_cursor() -> None:
    edge, size = Edge(most=30), PageSize()
    assert read(edge, size) == EDGE
    assert [params["limit"] for params in edge.asked] == [100, 50, 25, 25, 25, 25, 25]
    assert (size.value, size.next_run) == (25, 25)


def test_too_much_data_even_for_one_object_is_an_error() -> None:
    size = PageSize()
    with pytest.raises(GraphTooMuchDataError):
        read(Edge(most=0), size)
    assert size.value == 1


@pytest.mark.parametrize(
    "paging",
    [
        {"next": "https://…", "cursors": {"after": "7"}},  # the same cursor again
        {"next": "https://…"},
        {"next": "https://…", "cursors": []},
        {"next": "https://…", "cursors": {"after": 7}},
    ],
)
def test_a_cursor_that_leads_nowhere_new_ends_the_reading(paging: dict[str, Any]) -> None:
    calls = []

    def get(path: str, **params: Any) -> Answer:
        calls.append(params)
        return Answer({"data": [1], "paging": paging}, datetime.now(UTC))

    with pytest.raises(GraphTransientError, match="leads nowhere new"):
        list(paginate(get, "1/posts", {}, PageSize()))
    assert len(calls) <= 2


@pytest.mark.parametrize("paging", [None, {}, [], "text", {"cursors": {"after": "x"}}, {"next": None}])
def test_the_end_is_where_no_next_page_is_named(paging: Any) -> None:
    def get(path: str, **params: Any) -> Answer:
        return Answer({"data": [1], "paging": paging}, datetime.now(UTC))

    assert len(list(paginate(get, "1/posts", {}, PageSize()))) == 1


@pytest.mark.parametrize("body", [{}, {"data": None}, {"data": {}}, {"data": "text"}, {"paging": {}}])
def test_an_answer_without_a_list_is_no_page(body: dict[str, Any]) -> None:
    with pytest.raises(GraphTransientError, match="no list"):
        checked(Answer(body, datetime.now(UTC)), "1/posts")
    checked(Answer({"data": []}, datetime.now(UTC)), "1/posts")


def test_what_was_read_before_an_error_is_given_first() -> None:
    edge = Edge()

    def get(path: str, **params: Any) -> Answer:
        if params.get("after"):
            raise GraphPermissionError("no")
        return edge.get(path, **params)

    pages = paginate(get, "1/posts", {}, PageSize())
    assert next(pages).nodes == EDGE[:100]
    with pytest.raises(GraphPermissionError):
        next(pages)


def test_two_threads_that_asked_for_too_much_halve_once() -> None:
    size = PageSize(100)
    size.shrink(100)
    size.shrink(100)
    assert size.value == 50


def test_a_page_size_grows_again_after_a_run_without_trouble() -> None:
    assert PageSize(25, used=True).next_run == 50
    assert PageSize(100, used=True).next_run == 100
    assert PageSize(25, used=True, shrunk=True).next_run == 25
    assert PageSize(25).next_run == 25
