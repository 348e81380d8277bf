"""`POST /` with `batch`: up to fifty calls in one request, answered in order."""

import json
from dataclasses import replace
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from graph_sandbox.control.faults import ERROR_KINDS, ActiveFaults, Subject
from graph_sandbox.sandbox import Entry, Sandbox
from graph_sandbox.wire import errors
from graph_sandbox.wire.call import Call, Reply
from graph_sandbox.wire.graph import answer, respond

ENTRIES_MAX = 50


def answer_batch(sandbox: Sandbox, call: Call, at: datetime) -> Reply:
    """Answer a batch; each entry is a call of its own with its own status, or null if it got no answer."""
    faults = sandbox.faults.active(Subject(edges=frozenset({"batch"})))
    pages: set[str] = set()
    reply = respond(call, at, faults, lambda: _body(sandbox, call, faults, at, pages))
    reply.headers |= sandbox.usage.headers(sorted(pages), {})
    sandbox.journal.add(Entry(at.isoformat(), call.method, "/", None, reply.status), is_call=False)
    return reply


def _body(sandbox: Sandbox, call: Call, faults: ActiveFaults, at: datetime, pages: set[str]) -> list[Any]:
    if (fault := faults.find(*ERROR_KINDS)) is not None:
        raise fault.error()
    with_headers = call.params.get("include_headers", "true") not in {"false", "0"}
    answered = []
    for entry in _entries(call):
        reply = answer(sandbox, _entry_call(call, entry), at, in_batch=True)
        pages.update(json.loads(reply.headers.get("X-Business-Use-Case-Usage", "{}")))
        answered.append(None if reply.dropped else _shown(reply, with_headers=with_headers))
    return answered


def _entries(call: Call) -> list[dict[str, Any]]:
    try:
        entries = json.loads(call.params["batch"])
    except json.JSONDecodeError:
        entries = None
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise errors.parameter("Param batch must be an array")
    if len(entries) > ENTRIES_MAX:
        raise errors.parameter(f"Too many requests in batch message. Maximum batch size is {ENTRIES_MAX}")
    return entries


def _entry_call(call: Call, entry: dict[str, Any]) -> Call:
    """Return an entry as a call; token, proof and version are the batch's unless it has its own."""
    url = urlsplit(str(entry.get("relative_url", "")))
    params = dict(parse_qsl(url.query, keep_blank_values=True))
    if "access_token" not in params and "appsecret_proof" in call.params:
        params.setdefault("appsecret_proof", call.params["appsecret_proof"])
    made = Call.of(str(entry.get("method", "GET")).upper(), url.path, params, call.token, call.base_url)
    return made if made.version else replace(made, version=call.version)


def _shown(reply: Reply, *, with_headers: bool) -> dict[str, Any]:
    headers = {"Content-Type": reply.content_type, **reply.headers}
    listed = [{"name": name, "value": value} for name, value in headers.items()]
    return {"code": int(reply.status), **({"headers": listed} if with_headers else {}), "body": reply.body}
