"""`GET /debug_token`: what a token is worth, asked by the app itself."""

from datetime import datetime
from typing import Any

from graph_sandbox.control.faults import Fault, Subject
from graph_sandbox.control.kinds import TOKEN_KINDS
from graph_sandbox.sandbox import Sandbox
from graph_sandbox.wire import errors
from graph_sandbox.wire.call import Call
from graph_sandbox.wire.errors import GraphError
from graph_sandbox.wire.tokens import Principal


def debug_token(sandbox: Sandbox, call: Call, at: datetime) -> dict[str, Any]:
    """Return `data` on the `input_token`; a bad one is no error but `is_valid` false with the reason.

    Of a token that Graph never gave it says no more; one that was good once is described all the same.
    """
    if call.token != sandbox.tokens.app:
        raise errors.parameter(
            "You must provide an app access token, or a user access token that is an owner or developer of the app"
        )
    token = call.params.get("input_token")
    if token is None:
        raise errors.parameter("The parameter input_token is required")
    fault = _trouble(sandbox, token)
    try:
        principal = _valid(sandbox, token, fault, at)
    except GraphError as error:
        reason = {"code": error.code, "message": error.message, "subcode": error.subcode}
        shown = {name: value for name, value in reason.items() if value is not None}
        page_id = sandbox.tokens.page_of(token)
        was_good = page_id is not None or token == sandbox.tokens.system_user
        before = _described(sandbox, Principal(token, page_id), None) if was_good else {}
        return {"data": before | {"error": shown, "is_valid": False, "scopes": []}}
    return {"data": _described(sandbox, principal, fault)}


def _trouble(sandbox: Sandbox, token: str) -> Fault | None:
    page_id = sandbox.tokens.page_of(token)
    account = sandbox.world.account_of_page(page_id or "")
    fault = sandbox.faults.active(Subject(page_id, frozenset({"debug_token"}))).find(*TOKEN_KINDS)
    if fault is not None or account is None:
        return fault
    # A Page's token reads its account too, and may lack a permission for that.
    return sandbox.faults.active(Subject(account.id, frozenset({"debug_token"}))).find("missing_permission")


def _valid(sandbox: Sandbox, token: str, fault: Fault | None, at: datetime) -> Principal:
    if fault is not None and fault.kind != "missing_permission":
        raise fault.error()
    if sandbox.instagram_tokens.account_of(token) is not None:
        raise errors.malformed_token()  # not one of Facebook's
    return sandbox.principal(token, at)


def _described(sandbox: Sandbox, principal: Principal, fault: Fault | None) -> dict[str, Any]:
    lost = fault.permission if fault else None
    scopes = [scope for scope in sandbox.scopes if scope != lost]
    page_ids = [principal.page_id] if principal.page_id else [page.id for page in sandbox.world.pages]
    accounts = [account for account in sandbox.world.accounts if account.page_id in page_ids]
    targets = dict.fromkeys(scopes, page_ids)
    targets |= {scope: [account.id for account in accounts] for scope in scopes if scope.startswith("instagram_")}
    described = {
        "app_id": sandbox.tokens.app_id,
        "type": "PAGE" if principal.page_id else "SYSTEM_USER",
        "application": "Graph sandbox",
        "is_valid": True,
        "expires_at": sandbox.settings.token_expires_at,
        "data_access_expires_at": sandbox.settings.data_access_expires_at,
        "scopes": scopes,
        "granular_scopes": [{"scope": scope, "target_ids": ids} for scope, ids in targets.items()],
        "user_id": sandbox.tokens.user_id,
    }
    return described | ({"profile_id": principal.page_id} if principal.page_id else {})
