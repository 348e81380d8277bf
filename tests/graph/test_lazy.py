"""A value that is made when it is first looked at: once per object, and without waiting for other objects."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

from meta_insights.lazy import lazy

PATIENCE = 10.0


def test_objects_do_not_wait_for_one_another() -> None:
    both = threading.Barrier(2, timeout=PATIENCE)  # broken if the second cannot begin before the first has ended

    class Page:
        @lazy
        def token(self) -> int:
            return both.wait()

    with ThreadPoolExecutor(2) as pool:
        tokens = list(pool.map(lambda page: page.token, [Page(), Page()]))
    assert sorted(tokens) == [0, 1]


def test_the_value_of_an_object_is_made_once() -> None:
    class Page:
        made = 0

        @lazy
        def token(self) -> int:
            self.made += 1
            return self.made

    page = Page()
    assert [page.token, page.token, Page().token] == [1, 1, 1]
