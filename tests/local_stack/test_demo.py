import json
from dataclasses import asdict

from local_stack import register_demo as demo

STATE = {
    "app_id": "303",
    "app_secret": "secret",
    "system_user_token": "EAAsandbox",
    "pages": [{"id": "101", "name": "Harbour Bakery 1"}, {"id": "102", "name": "Phở 24 3"}],
}


def test_every_page_of_the_sandbox_becomes_an_integration_of_the_demo() -> None:
    first, second = demo.integrations(STATE)
    assert asdict(first) == {
        "id": "demo-01",
        "organization_id": "demo",
        "provider": "facebook",
        "external_id": "101",
        "name": "Harbour Bakery 1",
        "conn_id": "meta_graph_default",
    }
    assert (second.id, second.external_id) == ("demo-02", "102")


def test_the_connection_holds_the_token_where_airflow_encrypts_it() -> None:
    fields = demo.connection(STATE, "http://127.0.0.1:8900")
    assert (fields["conn_type"], fields["host"], fields["password"]) == (
        "facebook_insights",
        "http://127.0.0.1:8900",
        "EAAsandbox",
    )
    extra = {"api_version": "v26.0", "access_kind": "user", "app_id": "303", "app_secret": "secret"}
    assert json.loads(fields["extra"]) == extra | {"allow_http": True}
