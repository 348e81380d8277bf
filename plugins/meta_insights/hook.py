"""FacebookInsightsHook: Airflow's side of ``meta_insights.graph``, which can be used without Airflow."""

from __future__ import annotations

import threading
from functools import cached_property

from airflow.sdk import BaseHook
from airflow.sdk.exceptions import (
    AirflowException,
    AirflowNotFoundException,
    AirflowRuntimeError,
    AirflowSecretsBackendAccessDenied,
)
from airflow.sdk.log import mask_secret

from meta_insights import clock
from meta_insights.config import GRAPH_CONN_ID
from meta_insights.errors import ConfigurationError
from meta_insights.graph.budget import Budget
from meta_insights.graph.client import ClientOptions, GraphClient
from meta_insights.graph.credential import CONN_TYPE, Credential, exchange
from meta_insights.graph.errors import GraphError
from meta_insights.read.token_report import token_report


class FacebookInsightsHook(BaseHook):
    """Authenticated access to the Graph API.

    Connection: ``password`` the token; ``host`` the base URL (empty: graph.facebook.com); ``extra``: ``api_version``,
    ``app_id``, ``app_secret`` (adds ``appsecret_proof``), ``access_kind`` ``page`` or ``user``, ``login`` ``facebook``
    or ``instagram`` (then host graph.instagram.com, and ``issued_on`` says since when its token lives).

    :param page_id: read as this Page: the token of a user or system user is exchanged for the Page's own, once
    :param budget: counts the calls and stops them in time; by default one of the Page's own
    :param credential: what the connection says, if it was read before; by default it is read, once

    Example:
        >>> from meta_insights.hook import FacebookInsightsHook
        >>> hook = FacebookInsightsHook(page_id="100200300400500")
        >>> hook.get_conn().get("me", fields="id,name").body
    """

    conn_name_attr = "graph_conn_id"
    default_conn_name = GRAPH_CONN_ID
    conn_type = CONN_TYPE
    hook_name = "Meta Graph API"

    def __init__(
        self,
        graph_conn_id: str = GRAPH_CONN_ID,
        page_id: str | None = None,
        *,
        options: ClientOptions | None = None,
        budget: Budget | None = None,
        credential: Credential | None = None,
    ) -> None:
        super().__init__()
        self.graph_conn_id = graph_conn_id
        self.page_id = page_id
        self.options = options or ClientOptions()
        self.budget = budget or Budget(page_id, "pages")
        self._credential = credential
        self._client: GraphClient | None = None
        self._lock = threading.Lock()

    def get_conn(self) -> GraphClient:
        """Return the client, made once. Raises ConfigurationError, or the GraphError of the exchange."""
        with self._lock:
            if self._client is None:
                client = self._own_client()
                if self.page_id and self.credential.access_kind == "user":
                    client = client.acting_as(exchange(client, self.page_id))
                self._client = client
            return self._client

    @cached_property
    def credential(self) -> Credential:
        """What the connection says; its secrets are masked in logs. ConfigurationError says what to correct."""
        if self._credential:
            return self._credential
        try:
            return Credential.of(self.get_connection(self.graph_conn_id), mask_secret)
        except AirflowNotFoundException:
            failure = (
                f"there is no Airflow connection {self.graph_conn_id!r}: create it with the Graph token as its "
                f"password, or set AIRFLOW_CONN_{self.graph_conn_id.upper()}"
            )
        except (AirflowException, AirflowRuntimeError, AirflowSecretsBackendAccessDenied) as error:
            failure = f"Airflow could not read the connection {self.graph_conn_id!r} ({type(error).__name__})"
        # Raised outside the handlers: what a secrets backend says may hold the secret.
        raise ConfigurationError(failure)

    def test_connection(self) -> tuple[bool, str]:
        """Say what the token sees, what it lacks and when it ends. For the Test button of the connection form.

        ``doctor`` tries what a run asks of one Page.
        """
        try:
            return True, token_report(self._own_client(), self.credential, clock.now())
        except (GraphError, ConfigurationError) as error:
            return False, str(error)

    def _own_client(self) -> GraphClient:
        return GraphClient.of(self.credential, self.options, self.budget)
