"""Objects kept in a temporary file until they are stored, so that a Page of any size takes little memory."""

from __future__ import annotations

import pickle
import tempfile
import threading
from collections.abc import Hashable, Iterable, Iterator, MutableMapping
from typing import Any, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Spool(MutableMapping[K, V]):
    """A mapping whose values are on disk; in memory are its keys, in the order in which they came, and their places.

    A value that is set again replaces the one before. A value that was got is a copy: changing it changes nothing
    here. Safe to share between threads. The file goes with the object, and nobody else can open it.
    """

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 (closed with the object)
        self._places: dict[K, int] = {}
        self._end = 0
        self._lock = threading.Lock()

    def __setitem__(self, key: K, value: V) -> None:
        written = pickle.dumps(value, pickle.HIGHEST_PROTOCOL)
        with self._lock:
            self._file.seek(self._end)
            self._places[key] = self._end
            self._end += self._file.write(written)

    def __getitem__(self, key: K) -> V:
        with self._lock:
            self._file.seek(self._places[key])
            value: V = pickle.load(self._file)  # noqa: S301 (what this process wrote, into a file without a name)
            return value

    def __delitem__(self, key: K) -> None:
        del self._places[key]

    def __iter__(self) -> Iterator[K]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)

    def __contains__(self, key: object) -> bool:
        return key in self._places

    def __del__(self) -> None:
        self._file.close()


class Rows:
    """Rows to be stored, by table, in layers: within one layer each key has one row.

    Two observations of one key at one instant are one row; those of two instants are two, for the table's own rule to
    merge. Safe to share between threads.
    """

    def __init__(self) -> None:
        self._layers: dict[str, list[Spool[Hashable, dict[str, Any]]]] = {}
        self._lock = threading.Lock()

    def add(self, table: str, key: Hashable, row: dict[str, Any]) -> None:
        """Add what was seen of one key at ``row["observed_at"]``."""
        with self._lock:
            layers = self._layers.setdefault(table, [])
            for layer in layers:
                if key not in layer:
                    layer[key] = row
                    return
                kept = layer[key]
                if kept["observed_at"] == row["observed_at"]:
                    layer[key] = _joined(kept, row)
                    return
            layers.append(Spool())
            layers[-1][key] = row

    def by_table(self) -> dict[str, list[Iterable[dict[str, Any]]]]:
        """Return the layers of each table, to be written one after the other."""
        return {table: [layer.values() for layer in layers] for table, layers in self._layers.items()}


def _joined(kept: dict[str, Any], row: dict[str, Any]) -> dict[str, Any]:
    breakdowns = {**kept.get("breakdowns", {}), **row.get("breakdowns", {})}
    return {**kept, **row, **({"breakdowns": breakdowns} if breakdowns else {})}
