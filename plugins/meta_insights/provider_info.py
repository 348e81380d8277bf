"""What Airflow shows of this package when the wheel is installed: the connection type and its form."""

from __future__ import annotations

from typing import Any


def get_provider_info() -> dict[str, Any]:
    """Return what the entry point ``apache_airflow_provider`` declares (its schema: airflow/provider.yaml.schema.json).

    Airflow masks the default of a form field whose name contains token, secret or password, and Save then stores the
    literal ``***``. So none of those has a default, and the kind of token is called ``access_kind``.
    """
    return {
        "package-name": "meta-insights",
        "name": "Meta insights",
        "description": "Reads the insights of Facebook Pages and Instagram accounts from the Meta Graph API.",
        "connection-types": [
            {
                "connection-type": "facebook_insights",
                "hook-name": "Meta Graph API",
                "hook-class-name": "meta_insights.hook.FacebookInsightsHook",
                "ui-field-behaviour": {
                    "hidden-fields": ["schema", "login", "extra"],
                    # The Test button of Airflow 3.3.2's list refuses a connection without a port.
                    "relabeling": {"host": "Address", "password": "Access token", "port": "Port (443; not used)"},
                    "placeholders": {"host": "https://graph.facebook.com"},
                },
                "conn-fields": _FIELDS,
            }
        ],
    }


_FIELDS: dict[str, Any] = {
    "access_kind": {
        "label": "Kind of token",
        "description": "page: the token of one Page. user: of a user or system user, exchanged for each Page's own.",
        "schema": {"type": "string", "enum": ["page", "user"], "default": "page"},
    },
    "login": {
        "label": "Login",
        "description": "Which login gave the token. instagram: that of one Instagram account, which lives 60 days.",
        "schema": {"type": "string", "enum": ["facebook", "instagram"], "default": "facebook"},
    },
    "issued_on": {
        "label": "Issued on",
        "description": "For the login instagram: the date of the token, such as 2026-11-22, to warn before it ends.",
        "schema": {"type": ["string", "null"]},
    },
    "api_version": {
        "label": "Graph API version",
        "description": "Such as v26.0. Empty: the version that this package is tested with.",
        "schema": {"type": ["string", "null"]},
    },
    "app_id": {
        "label": "App ID",
        "description": "With the app secret, each run reports when the token ends and which permissions it lacks.",
        "schema": {"type": ["string", "null"]},
    },
    "app_secret": {
        "label": "App secret",
        "description": "Signs every request (appsecret_proof). Needed when the app requires it.",
        "schema": {"type": ["string", "null"], "format": "password"},
    },
}
