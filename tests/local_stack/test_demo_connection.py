import json

from local_stack.demo_connection import connection

STATE = {
    "app_id": "303",
    "app_secret": "secret",
    "system_user_token": "EAAsandbox",
}


def test_the_connection_holds_the_token_where_airflow_encrypts_it() -> None:
    fields = connection(STATE, "http://127.0.0.1:8900")
    assert (fields["conn_type"], fields["host"], fields["password"]) == (
        "facebook_insights",
        "http://127.0.0.1:8900",
        "EAAsandbox",
    )
    extra = {"api_version": "v26.0", "access_kind": "user", "app_id": "303", "app_secret": "secret"}
    assert json.loads(fields["extra"]) == extra | {"allow_http": True}
