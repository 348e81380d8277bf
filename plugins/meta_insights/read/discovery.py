"""Finds the integrations of one provider that a token sees, by the lists of its user and one by one."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from meta_insights.errors import ConfigurationError
from meta_insights.graph.credential import exchange
from meta_insights.graph.errors import (
    FieldRefusedError,
    GraphError,
    GraphPermissionError,
    GraphProofError,
    GraphRefusedError,
    GraphThrottledError,
    GraphTransientError,
)
from meta_insights.graph.paging import PageSize

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from meta_insights.graph.client import GraphClient
    from meta_insights.graph.credential import Credential
    from meta_insights.provider.model import Discovery, Listed, Lookup, Provider

_ENDING = (GraphProofError, GraphThrottledError, GraphTransientError)
"""Errors that say nothing about the object that was asked for."""


def finder_of(client: GraphClient, provider: Provider, credential: Credential) -> Finder | None:
    """Return what looks for the integrations of a provider with a credential; None: its login reads none of them."""
    discovery = provider.discovery.get(credential.login)
    if discovery is None:
        return None
    return Finder(client, provider, discovery, is_users=bool(discovery.edges) and credential.access_kind == "user")


@dataclass
class Finder:
    """Looks for integrations with one token.

    ``is_users``: the token is that of a user or system user. ``found`` are the integrations by their id at Graph,
    ``notes`` are what a person should know of the lists. Raises the GraphErrors that say nothing about one object or
    list: a dead token, a throttle, a passing fault.
    """

    client: GraphClient
    provider: Provider
    discovery: Discovery
    is_users: bool
    found: dict[str, Listed] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    _lacking: set[str] = field(default_factory=set)

    def read_lists(self) -> None:
        """Find what the token lists; that of one integration sees its own.

        Raises ConfigurationError when a token that should be a user's is not.
        """
        if not self.is_users:
            if reason := self._look(self.client, "me"):
                self.notes.append(f"the token's own {self.provider.label} is not found: {reason}")
            return
        for edge, lookup in self.discovery.edges.items():
            self._list(f"me/{edge}", lookup)
        if self._lacking.issuperset(self.discovery.edges):
            raise ConfigurationError("the token is not that of a user: set extra.access_kind of its connection to page")
        for group in self._nodes(f"me/{self.discovery.groups}", "id") if self.discovery.groups else ():
            for edge, lookup in self.discovery.group_edges.items():
                self._list(f"{group.get('id')}/{edge}", lookup)

    def ask(self, object_id: str) -> str | None:
        """Read one object to find what it shows; return why it shows no integration, or None."""
        if not self.is_users:
            return f"the token sees its own {self.provider.label} alone"
        try:
            return self._look(self._client_for(object_id), object_id)
        except _ENDING:
            raise
        except GraphError as error:
            return error.message

    def _list(self, path: str, lookup: Lookup) -> None:
        for node in self._nodes(path, lookup.fields):
            self._add(lookup.read(node))

    def _nodes(self, path: str, fields: str) -> Iterator[Mapping[str, Any]]:
        """Yield the nodes of an edge to its end. Note it when Graph refuses; some tokens just lack some edges."""
        edge = path.rpartition("/")[2]
        try:
            for answer in self.client.paginate(path, {"fields": fields}, PageSize()):
                yield from (node for node in answer.nodes if isinstance(node, dict))
        except (GraphPermissionError, GraphRefusedError) as error:
            if isinstance(error, FieldRefusedError) and error.field == edge:
                self._lacking.add(edge)
            else:
                self.notes.append(f"{path} is not listed: {error.message}")

    def _look(self, client: GraphClient, object_id: str) -> str | None:
        reason = f"it is no {self.provider.label}"
        for lookup in self.discovery.alone:
            try:
                listed = lookup.read(client.get(object_id, fields=lookup.fields).body)
            except FieldRefusedError:  # an object of another kind
                continue
            if listed and object_id in {"me", listed.external_id, listed.behind} and self._add(listed):
                return None
            reason = f"Graph shows no {self.provider.label} there"
        return reason

    def _add(self, listed: Listed | None) -> bool:
        """Keep what was found first; return whether it is something."""
        if listed is None or not re.fullmatch(self.provider.id_pattern, listed.external_id):
            return False
        self.found.setdefault(listed.external_id, listed)
        return True

    def obstacle(self, listed: Listed) -> str | None:
        """Return what the token's user lacks to read an integration; None when nothing is known to be missing."""
        if listed.tasks is not None:
            task = self.discovery.task
            return f"its user lacks the task {task}" if task and task not in listed.tasks else None
        if not self.is_users:
            return None
        client = self._client_for(listed.external_id)
        try:
            if self.provider.has_own_token:
                exchange(client, listed.external_id)
            else:
                client.get(listed.external_id, fields="id")
        except _ENDING:
            raise
        except GraphError as error:
            return error.message
        return None

    def _client_for(self, object_id: str) -> GraphClient:
        """Return a client with a budget of its own: an error about one object is none of the token."""
        budget = replace(self.client.budget, external_id=object_id, usage_type=self.provider.usage_type)
        return replace(self.client, budget=budget)
