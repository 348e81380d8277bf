"""Decides what becomes of the integrations that a token sees, given what the registry holds. Writes nothing."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from enum import Enum
from typing import TYPE_CHECKING, Any, Self

from meta_insights.config import GRAPH_CONN_ID, schema_name
from meta_insights.errors import ConfigurationError
from meta_insights.provider import PROVIDERS
from meta_insights.run.integrations import Registered

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from meta_insights.provider.model import Listed, Provider


class Outcome(Enum):
    """What becomes of one integration."""

    REGISTERED = "registered"
    UPDATED = "updated"
    ACTIVATED = "active again"
    UNCHANGED = "unchanged"
    NOT_ACTIVE = "not active"
    RETIRED = "retired"
    NOT_SEEN = "not seen"
    NOT_REGISTERED = "not registered"


WRITTEN = (Outcome.REGISTERED, Outcome.UPDATED, Outcome.ACTIVATED)
"""The outcomes whose rows are written."""


@dataclass(frozen=True)
class Wish:
    """What a run of the registration was asked for.

    ``ids`` are ids at Graph that people named: of integrations, or of the objects that they are behind. ``retired`` are
    ids of the registry.
    """

    organization_id: str
    conn_id: str = GRAPH_CONN_ID
    providers: tuple[Provider, ...] = tuple(PROVIDERS.values())
    ids: frozenset[str] = frozenset()
    retired: frozenset[str] = frozenset()
    is_dry_run: bool = False

    @classmethod
    def of(cls, params: Mapping[str, Any]) -> Self:
        """Read the params of a run."""
        return cls(
            organization_id=params["organization_id"],
            conn_id=params["conn_id"],
            providers=tuple(PROVIDERS[name] for name in params["take"]),
            ids=frozenset(params["ids"] or ()),
            retired=frozenset(params["retire"] or ()),
            is_dry_run=params["dry_run"],
        )

    def names(self, listed: Listed) -> bool:
        """Whether people named an integration, or the object that it is behind."""
        return not self.ids.isdisjoint({listed.external_id, listed.behind})


@dataclass(frozen=True)
class Sighting:
    """An integration that the token sees: why it can not be read, and which permissions the token lacks for it."""

    provider: Provider
    listed: Listed
    obstacle: str | None = None
    lacks: Sequence[str] = ()


@dataclass(frozen=True)
class Entry:
    """What becomes of one integration: ``row`` as it will stand in the registry, and what a person should know."""

    outcome: Outcome
    row: Registered
    notes: Sequence[str] = ()

    @property
    def label(self) -> str:
        """What kind of integration it is, in words."""
        provider = PROVIDERS.get(self.row.provider)
        return provider.label if provider else ""


@dataclass(frozen=True)
class Registration:
    """A wish, and the registry as it stands."""

    wish: Wish
    rows: Sequence[Registered]

    def __post_init__(self) -> None:
        """Raise ConfigurationError when an id to be retired is none of the organization."""
        if unknown := self.wish.retired - {row.id for row in self._own.values()}:
            raise ConfigurationError(
                f"the organization {self.wish.organization_id!r} has no integration {', '.join(sorted(unknown))}: "
                f"correct the param retire, which takes values of {schema_name()}.integration.id"
            )

    @property
    def _own(self) -> dict[tuple[str, str], Registered]:
        """The rows of the organization by provider and id at Graph; of two the one that was not taken out."""
        own = [row for row in self.rows if row.organization_id == self.wish.organization_id]
        return {(row.provider, row.external_id): row for row in sorted(own, key=lambda row: not row.is_deleted)}

    def read_of(self, provider: Provider) -> list[Registered]:
        """Return what runs read of the organization by the connection: the token should see it."""
        return [
            row
            for row in self._own.values()
            if row.provider == provider.name and row.is_read and row.conn_id == self.wish.conn_id
        ]

    def entries(self, sightings: Sequence[Sighting], unseen: Mapping[str, str]) -> list[Entry]:
        """Return what becomes of each integration. ``unseen``: why the token does not see one, by its id at Graph."""
        found = [*map(self._seen, sightings), *self._unseen(unseen)]
        others = self.wish.retired - {entry.row.id for entry in found}
        found += [Entry(Outcome.NOT_ACTIVE, row) for row in self._own.values() if row.id in others]
        return sorted(map(self._retired, found), key=lambda entry: (entry.row.provider, entry.row.external_id))

    def _seen(self, sighting: Sighting) -> Entry:
        key = sighting.provider.name, sighting.listed.external_id
        notes = [sighting.obstacle] if sighting.obstacle else []
        if sighting.lacks:
            notes.append(f"the token lacks the permission {', '.join(sighting.lacks)}")
        row = self._own.get(key)
        if row is None:
            return self._new(sighting, notes)
        if row.is_deleted:
            gone = f"it was taken out of the registry: set deleted_at of {row.id!r} to null to have it back"
            return Entry(Outcome.NOT_REGISTERED, row, [gone, *notes])
        is_named = self.wish.names(sighting.listed) and not sighting.obstacle
        return self._known(row, sighting.listed.name, notes, is_named=is_named)

    def _new(self, sighting: Sighting, notes: list[str]) -> Entry:
        provider, listed = sighting.provider.name, sighting.listed
        row = Registered(
            self.wish.organization_id,
            f"{provider}-{listed.external_id}",
            provider,
            listed.external_id,
            listed.name or listed.external_id,
            self.wish.conn_id,
        )
        for other in self.rows:
            if (other.provider, other.external_id) == (row.provider, row.external_id) and not other.is_deleted:
                notes.insert(
                    0, f"it is registered already under the organization {other.organization_id!r} as {other.id!r}"
                )
            elif other.id == row.id:
                notes.insert(0, f"the id {row.id!r} is taken by another integration")
            else:
                continue
            return Entry(Outcome.NOT_REGISTERED, row, notes)
        return Entry(Outcome.NOT_REGISTERED if sighting.obstacle else Outcome.REGISTERED, row, notes)

    def _known(self, row: Registered, name: str | None, notes: list[str], *, is_named: bool) -> Entry:
        """Return what becomes of a row: its name follows Graph; its connection and state follow only people."""
        new = replace(
            row,
            name=name or row.name,
            conn_id=self.wish.conn_id if is_named else row.conn_id,
            is_active=row.is_active or is_named,
        )
        if new.name != row.name:
            notes.append(f"its name was {row.name!r}")
        if new.conn_id != row.conn_id:
            notes.append(f"its connection was {row.conn_id!r}")
        elif new.conn_id != self.wish.conn_id:
            notes.append(f"its connection is {row.conn_id!r}")
        if new.is_active != row.is_active:
            return Entry(Outcome.ACTIVATED, new, notes)
        if new != row:
            return Entry(Outcome.UPDATED, new, notes)
        return Entry(Outcome.UNCHANGED if row.is_active else Outcome.NOT_ACTIVE, row, notes)

    def _unseen(self, unseen: Mapping[str, str]) -> Iterator[Entry]:
        for external_id, why in unseen.items():
            rows = [row for (_, known), row in self._own.items() if known == external_id and row.is_read]
            for row in rows:
                yield Entry(Outcome.NOT_SEEN, row, [why])
            if not rows:
                nothing = Registered(self.wish.organization_id, "", "", external_id, "", self.wish.conn_id)
                yield Entry(Outcome.NOT_REGISTERED, nothing, [why])

    def _retired(self, entry: Entry) -> Entry:
        """Return an entry as it is, or that of a row that is to be retired."""
        if entry.row.id not in self.wish.retired or not entry.row.is_active:
            return entry
        return Entry(Outcome.RETIRED, replace(entry.row, is_active=False), entry.notes)


def result(entries: Sequence[Entry], *, is_dry_run: bool) -> dict[str, Any]:
    """Return counts and ids by outcome: of the registry, or at Graph where it has none."""
    ids: dict[str, list[str]] = {}
    for entry in entries:
        ids.setdefault(entry.outcome.value, []).append(entry.row.id or entry.row.external_id)
    return {"dry_run": is_dry_run, "counts": dict(Counter(entry.outcome.value for entry in entries)), "ids": ids}


def refused_by_name(wish: Wish, entries: Collection[Entry]) -> list[Entry]:
    """Return those that people named, and that no run will read."""
    bad = {Outcome.NOT_SEEN, Outcome.NOT_REGISTERED, Outcome.NOT_ACTIVE}
    return [entry for entry in entries if wish.ids and entry.outcome in bad]
