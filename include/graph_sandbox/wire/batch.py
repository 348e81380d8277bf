"""`POST /` with `batch`: up to fifty calls in one request, answered in order."""

import json
import re
from dataclasses import replace
from datetime import datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from graph_sandbox.control.faults import ActiveFaults, Subject
from graph_sandbox.control.kinds import ERROR_KINDS
from graph_sandbox.sandbox import Entry, Sandbox
from graph_sandbox.wire import errors
from graph_sandbox.wire.call import Call, Reply, dumps
from graph_sandbox.wire.errors import GraphError
from graph_sandbox.wire.graph import answer, respond, usage_headers

ENTRIES_MAX = 50
# `{result=name:$.data.*.id}`, and the steps of such a path: `.data`, `.*`, `[0]`.
REFERENCE = re.compile(r"\{result=([^:{}]+):([^{}]+)\}")
STEP = re.compile(r"[.\[]+([\w*]+)\]?")


def answer_batch(sandbox: Sandbox, call: Call, at: datetime) -> Reply:
    """Answer a batch; each entry is a call of its own with its own status, or null if it got no answer."""
    faults = sandbox.faults.active(Subject(edges=frozenset({"batch"})))
    pages: set[str] = set()
    reply = respond(call, at, faults, lambda: _body(sandbox, call, faults, at, pages))
    reply.headers |= usage_headers(sandbox, sorted(pages), faults)
    sandbox.journal.add(Entry(at.isoformat(), call.method, "/", None, reply.status), is_call=False)
    return reply


def _body(sandbox: Sandbox, call: Call, faults: ActiveFaults, at: datetime, pages: set[str]) -> list[Any]:
    if (fault := faults.find(*ERROR_KINDS)) is not None:
        raise fault.error()
    with_headers = call.params.get("include_headers", "true") not in {"false", "0"}
    entries, named = _entries(call), dict[str, Reply]()
    referred = set(REFERENCE.findall(json.dumps(entries)))
    answered = []
    for entry in entries:
        reply = _answer_entry(sandbox, call, entry, named, at)
        pages |= {reply.page_id} if reply.page_id else set()
        omitted = _is_omitted(entry, reply, {name for name, _ in referred})
        answered.append(None if reply.dropped or omitted else _shown(reply, with_headers=with_headers))
    return answered


def _answer_entry(sandbox: Sandbox, call: Call, entry: dict[str, Any], named: dict[str, Reply], at: datetime) -> Reply:
    """Answer one entry, after what it refers to has been put into its URL."""
    try:
        url = REFERENCE.sub(lambda match: _referred(named, *match.groups()), str(entry.get("relative_url", "")))
    except GraphError as error:
        return Reply(dumps(error.body("A")), error.status)
    reply = answer(sandbox, _entry_call(call, entry, url), at, in_batch=True)
    if "name" in entry:
        named[str(entry["name"])] = reply
    return reply


def _referred(named: dict[str, Reply], name: str, path: str) -> str:
    """Return what a JSONPath finds in the answer to an earlier entry, by commas."""
    if name not in named or named[name].status != HTTPStatus.OK:
        raise errors.parameter(f"The result of the batch request {name} is not available")
    found: list[Any] = [json.loads(named[name].body)]
    for key in STEP.findall(path.removeprefix("$")):
        found = [inner for one in found for inner in _below(one, key)]
    return ",".join(str(one) for one in found)


def _below(value: Any, key: str) -> list[Any]:
    if key == "*":
        return list(value.values() if isinstance(value, dict) else value if isinstance(value, list) else [])
    if isinstance(value, list):
        return value[int(key) : int(key) + 1] if key.isdecimal() else []
    return [value[key]] if isinstance(value, dict) and key in value else []


def _is_omitted(entry: dict[str, Any], reply: Reply, referred: set[str]) -> bool:
    """Tell whether an entry that others refer to keeps its answer to itself, as it does by default."""
    name = entry.get("name")
    omits = entry.get("omit_response_on_success", name in referred)
    return bool(name and omits and reply.status == HTTPStatus.OK)


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


def _entry_call(call: Call, entry: dict[str, Any], relative_url: str) -> Call:
    """Return an entry as a call; token, proof and version are the batch's unless it has its own."""
    url = urlsplit(relative_url)
    params = dict(parse_qsl(url.query, keep_blank_values=True))
    if "access_token" not in params and "appsecret_proof" in call.params:
        params.setdefault("appsecret_proof", call.params["appsecret_proof"])
    made = Call.of(str(entry.get("method", "GET")).upper(), url.path, params, call.token, call.base_url)
    return made if made.version else replace(made, version=call.version)


def _shown(reply: Reply, *, with_headers: bool) -> dict[str, Any]:
    headers = {"Content-Type": reply.content_type, **reply.headers}
    listed = [{"name": name, "value": value} for name, value in headers.items()]
    return {"code": int(reply.status), **({"headers": listed} if with_headers else {}), "body": reply.body}
