"""A server that answers what the test has written down."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from scripted import serve_script

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scripted import Scripted


@pytest.fixture
def scripted() -> Iterator[Scripted]:
    with serve_script() as scripted:
        yield scripted
