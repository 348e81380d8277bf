"""One Graph call answered: who asks, what it is about, which trouble is on order, and the JSON."""

from collections.abc import Callable
from datetime import datetime, timedelta
from email.utils import format_datetime
from http import HTTPStatus
from secrets import token_urlsafe
from typing import Any

from graph_sandbox.control.faults import ActiveFaults, Fault
from graph_sandbox.control.kinds import ERROR_KINDS, TOKEN_KINDS, TRANSPORT_KINDS
from graph_sandbox.sandbox import Entry, Sandbox
from graph_sandbox.wire import errors
from graph_sandbox.wire.call import HTML_TYPE, Call, Reply, dumps
from graph_sandbox.wire.debug_token import debug_token
from graph_sandbox.wire.errors import GraphError
from graph_sandbox.wire.fields import FieldSpec, parse_fields
from graph_sandbox.wire.instagram_tokens import as_instagram_login, refreshed
from graph_sandbox.wire.reading import ABSENT, Comment, Reading, render
from graph_sandbox.wire.target import Target, find_target, no_such_object
from graph_sandbox.wire.usage import FULL, Level, misled
from graph_sandbox.wire.versions import served_version
from graph_sandbox.world.content import Content

APP_THROTTLE_CODE = 4
# What may stand behind an edge in a path, as parameters.
DEEP_EDGES = {"insights": ("metric", "period"), "video_insights": ("metric", "period")}
HTML_ERROR = (
    "<!DOCTYPE html><html><head><title>Error</title></head><body><h1>Sorry, something went wrong.</h1></body></html>"
)


def answer(sandbox: Sandbox, call: Call, at: datetime, *, in_batch: bool = False) -> Reply:
    """Answer one call as of one instant, count it and note it in the journal. Never raises a GraphError."""
    target = find_target(sandbox, call)
    faults = sandbox.faults.active(target.subject(call))
    sandbox.usage.add(target.page_id)
    if target.is_instagram and target.page_id:
        sandbox.usage.spend(target.page_id, at, sandbox.budget(target.page_id, at))
    if in_batch and faults.find("null_entry"):
        reply = Reply("", HTTPStatus.GATEWAY_TIMEOUT, dropped=True)
    else:
        reply = respond(call, at, faults, lambda: _body(sandbox, call, target, faults, at))
    reply.page_id = target.page_id
    pages = [target.page_id] if target.page_id else []
    reply.headers |= usage_headers(sandbox, pages, faults)
    path = "/" + "/".join(call.path)
    sandbox.journal.add(Entry(at.isoformat(), call.method, path, target.page_id, reply.status, in_batch))
    return reply


def respond(call: Call, at: datetime, faults: ActiveFaults, body: Callable[[], Any]) -> Reply:
    """Return the reply around a body or its GraphError, through whatever the transport does to it."""
    trace_id = f"A{token_urlsafe(16)}"
    reply = _broken_transport(faults.find(*TRANSPORT_KINDS))
    if reply is None:
        try:
            reply = Reply(dumps(body()))
        except GraphError as error:
            reply = Reply(dumps(error.body(trace_id)), error.status)
        if faults.find("truncated_json"):
            reply.body = reply.body[: len(reply.body) * 2 // 3]
        if drip := faults.find("drip"):
            reply.drip = drip.seconds or 0.0
        if huge := faults.find("huge_body"):
            reply.padding = huge.megabytes or 0
    served = faults.find("expired_version")
    version = served.version if served and served.version else served_version(call.version, at)
    reply.headers |= _headers(call, at, version, trace_id)
    if clock := faults.find("date_header"):
        _mislead_about_date(reply, at, clock)
    return reply


def _body(sandbox: Sandbox, call: Call, target: Target, faults: ActiveFaults, at: datetime) -> Any:
    """Return the JSON of a successful call; a GraphError otherwise."""
    is_debug = target.name == "debug_token"
    _raise_troubles(sandbox, target, faults, kinds=ERROR_KINDS[len(TOKEN_KINDS) :] if is_debug else ERROR_KINDS)
    for refused in {"ids", "date_format"} & call.params.keys():
        raise errors.parameter(f"The parameter {refused} is no longer supported")
    if call.method != "GET":
        raise errors.unsupported("/".join(call.path), call.method.lower())
    if call.token is None:
        raise errors.missing_token(about_me=target.name in {"me", "accounts"})
    if is_debug:
        return debug_token(sandbox, call, at)
    principal = sandbox.principal(call.token, at)
    if target.name == "refresh_access_token":
        return refreshed(sandbox.instagram_tokens, principal, call, at)
    required = sandbox.settings.require_appsecret_proof
    sandbox.tokens.check_proof(call.token, call.params.get("appsecret_proof"), required=required)
    version = served_version(call.version, at)
    lost = sandbox.faults.lost_pages()
    scopes = sandbox.scopes
    reading = Reading(sandbox.world, sandbox.tokens, at, call, version, principal, faults, lost, scopes)
    try:
        return _node_or_edge(reading, target)
    except GraphError as error:
        raise error if reading.is_facebook_login else as_instagram_login(error) from None


def _node_or_edge(reading: Reading, target: Target) -> Any:
    """Return what the path names, a node or one of its edges, with the fields asked for."""
    path, node, node_type = reading.call.path, target.node, target.node_type
    is_strange = reading.principal.account_id is not None and not target.is_instagram
    if (
        node is None
        or is_strange
        or not reading.shows(node)
        or (target.name == "post" and reading.faults.find("post_unreadable"))
    ):
        raise no_such_object(path)
    if target.is_instagram:
        reading.require_account(reading.world.account(str(target.page_id)))
    if target.name == "page":
        reading.require_role(node)
    if target.name == "business":
        reading.require_business()
    specs = parse_fields(reading.call.params.get("fields", ""))
    if len(path) > 1:
        return _edge(reading, target, specs)
    node_type.check(specs)
    if isinstance(node, (Content, Comment)):
        reading.require_page_token(str(target.page_id))
    return render(reading, node_type, node, specs or node_type.defaults)


def _edge(reading: Reading, target: Target, specs: tuple[FieldSpec, ...]) -> Any:
    """Return an edge by its path; one that is known but has nothing on it is an empty list."""
    _, edge, *deeper = reading.call.path
    if not target.node_type.has_edge(edge):
        raise errors.nonexisting_field(edge, target.node_type.name)
    parts = DEEP_EDGES.get(edge, ())
    if len(deeper) > len(parts):
        raise errors.unknown_path("/" + "/".join(deeper[len(parts) :]))
    spec = FieldSpec(edge, {**reading.call.params, **dict(zip(parts, deeper, strict=False))}, specs)
    renderer = target.node_type.table.get(edge)
    found = ABSENT if renderer is None else renderer(reading, target.node, spec)
    return {"data": []} if found is ABSENT else found


def _raise_troubles(sandbox: Sandbox, target: Target, faults: ActiveFaults, kinds: tuple[str, ...]) -> None:
    fault, throttle_code = faults.find(*kinds), 80002 if target.is_instagram else 80001
    if fault is not None:
        raise fault.error(throttle_code)
    if sandbox.usage.level(sandbox.usage.APP).percent >= FULL:
        raise errors.throttled(APP_THROTTLE_CODE)
    if target.page_id and sandbox.usage.level(target.page_id).percent >= FULL:
        raise errors.throttled(throttle_code)


def _broken_transport(fault: Fault | None) -> Reply | None:
    if fault is None:
        return None
    if fault.kind == "html_error":
        return Reply(HTML_ERROR, fault.status or HTTPStatus.BAD_GATEWAY, HTML_TYPE)
    if fault.kind == "html_ok":
        return Reply(HTML_ERROR, content_type=HTML_TYPE)
    if fault.kind == "redirect":
        return Reply("", HTTPStatus.FOUND, HTML_TYPE, {"Location": "/login.php"})
    if fault.kind == "odd_body":
        return Reply(fault.body or "")
    return Reply("", HTTPStatus.GATEWAY_TIMEOUT, HTML_TYPE, hang=fault.seconds or 0.0, dropped=True)


def usage_headers(sandbox: Sandbox, page_ids: list[str], faults: ActiveFaults) -> dict[str, str]:
    """Return the usage headers of a reply that touched these Pages: full if it was throttled, or misleading."""
    throttled, misleading = faults.struck("throttled"), faults.find("usage_header")
    overrides: dict[str, Level] = {}
    if throttled is not None:
        owners = [sandbox.usage.APP] if throttled.code == APP_THROTTLE_CODE else page_ids
        overrides = dict.fromkeys(owners, Level(FULL, throttled.minutes or 0))
    accounts = {account.id for account in sandbox.world.accounts}
    types = {owner: "instagram" if owner in accounts else "pages" for owner in page_ids}
    headers = sandbox.usage.headers(types, overrides)
    return headers if misleading is None else misled(headers, str(misleading.form))


def _mislead_about_date(reply: Reply, at: datetime, fault: Fault) -> None:
    del reply.headers["Date"]
    dates = {"future": format_datetime(at + timedelta(days=400), usegmt=True), "malformed": "yesterday, about noon"}
    if fault.form in dates:
        reply.headers["Date"] = dates[fault.form]


def _headers(call: Call, at: datetime, version: str, trace_id: str) -> dict[str, str]:
    headers = {
        "Date": format_datetime(at, usegmt=True),
        "facebook-api-version": version,
        "x-fb-trace-id": trace_id,
        "Cache-Control": "private, no-cache, no-store, must-revalidate",
    }
    if call.version not in {None, version}:
        headers["X-Ad-Api-Version-Warning"] = (
            f"The call has been auto-upgraded to {version} as {call.version} will be deprecated."
        )
    return headers
