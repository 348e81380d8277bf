"""What Airflow shows of the package: it is valid, its form asks for what the hook reads, and no default is masked."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import airflow
from airflow.api_fastapi.core_api.datamodels.connections import ConnectionHookMetaData
from airflow.sdk import Connection
from jsonschema import validate  # type: ignore[import-untyped]

from meta_insights.graph.credential import Credential
from meta_insights.hook import FacebookInsightsHook
from meta_insights.provider_info import get_provider_info

(CONNECTION_TYPE,) = get_provider_info()["connection-types"]
FIELDS: dict[str, Any] = CONNECTION_TYPE["conn-fields"]


def credential(**extra: str) -> Credential:
    return Credential.of(
        Connection(conn_id="graph", conn_type="facebook_insights", password="EAAB", extra=json.dumps(extra))
    )


def test_it_is_what_airflow_asks_providers_to_declare() -> None:
    folder = Path(airflow.__file__).parent
    for name in ("provider_info.schema.json", "provider.yaml.schema.json"):
        schema = json.loads((folder / name).read_text(encoding="utf-8"))
        assert get_provider_info().keys() <= schema["properties"].keys()
        validate([CONNECTION_TYPE], schema["properties"]["connection-types"])


def test_the_connection_type_is_the_hooks_own() -> None:
    hook = FacebookInsightsHook
    assert CONNECTION_TYPE["connection-type"] == hook.conn_type
    assert CONNECTION_TYPE["hook-name"] == hook.hook_name
    assert CONNECTION_TYPE["hook-class-name"] == f"{hook.__module__}.{hook.__qualname__}"


def test_every_field_of_the_form_is_one_that_the_hook_reads() -> None:
    written = {"access_kind": "user", "api_version": "v25.0", "app_id": "17", "app_secret": "s"}
    written |= {"login": "instagram", "issued_on": "2026-11-22"}
    assert FIELDS.keys() == written.keys()
    read = credential(**written)
    assert (read.access_kind, read.version, read.login) == ("user", "v25.0", "instagram")
    assert read.token_ends is not None
    assert read.app_token is not None
    assert read.app_token.value == "17|s"


def test_a_connection_made_before_the_form_keeps_its_key() -> None:
    assert credential(token_type="user").access_kind == "user"


def test_the_form_starts_with_what_an_empty_connection_means() -> None:
    defaults = {name: field["schema"]["default"] for name, field in FIELDS.items() if "default" in field["schema"]}
    assert defaults == {"access_kind": credential().access_kind, "login": credential().login}


def test_airflow_masks_no_default_for_save_would_store_its_asterisks() -> None:
    defaults = {name: {"value": field["schema"].get("default"), "schema": {}} for name, field in FIELDS.items()}
    assert ConnectionHookMetaData.redact_extra_fields(defaults) == defaults
