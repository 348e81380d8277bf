"""What Graph answers for one Page: each request that a run makes is tried, as the provider's declarations have it.

It reads Graph only, stores nothing, and its report holds no secret. For each request that Graph refuses, the report
names the way out that a run would take.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any

from meta_insights import clock
from meta_insights.config import Settings
from meta_insights.days import Day, pacific_date
from meta_insights.graph.budget import Budget
from meta_insights.graph.client import ClientOptions, GraphClient
from meta_insights.graph.errors import (
    FieldRefusedError,
    GraphCallLimitError,
    GraphError,
    GraphPermissionError,
    GraphRefusedError,
    GraphTooMuchDataError,
    MetricRefusedError,
)
from meta_insights.graph.paging import MAX_PAGE_SIZE, PageSize
from meta_insights.graph.token_health import debug_token
from meta_insights.graph.transport import Answer
from meta_insights.graph.versions import version_warning
from meta_insights.hook import FacebookInsightsHook
from meta_insights.issues import Issues
from meta_insights.provider.model import Stored
from meta_insights.provider.rows import at_path, daily_rows, lifetime_row
from meta_insights.read.parts import Dates, plan
from meta_insights.read.refused import find_refused
from meta_insights.read.samples import ENDING, fields_of, newest_of_each_kind, one_per_kind, request_of
from meta_insights.read.spans import span_params
from meta_insights.run.context import Run

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from meta_insights.provider.model import Content, Provider
    from meta_insights.read.parts import Part
    from meta_insights.read.refused import Question

MAX_CALLS = 60
"""How many calls it makes at most, beside those about the token. A Page without trouble takes about 20, and one on
which a metric is refused some 30."""
SEARCHED_DAYS = 90
"""How far back it looks for an object of each kind."""
MAX_PAGES, ENOUGH = 3, 25
"""How many pages of a listing are read at most, and how many objects are enough."""
_OPTIONS = ClientOptions(read_timeout=timedelta(seconds=15), backoff=timedelta(milliseconds=250), connections=1)
Sources = tuple[str, ...]
Result = Answer | GraphError
Ask = Callable[[Sequence[Sources]], Sequence[Result]]
"""Asks for several sets of metrics, each in a request of its own."""


@dataclass(frozen=True)
class Finding:
    """One shape of request. ``is_lost``: neither it nor a way out gives what it asks for."""

    shape: str
    answer: str
    way_out: str = ""
    is_lost: bool = False


@dataclass
class Report:
    """What was found: the shapes, and what else a person should know, by topic."""

    findings: list[Finding] = field(default_factory=list)
    notes: dict[str, str] = field(default_factory=dict)

    @property
    def is_healthy(self) -> bool:
        """Whether each shape is served or has a way out."""
        return not any(finding.is_lost for finding in self.findings)


def examine(conn_id: str, page_id: str, provider: Provider) -> Report:
    """Try every request of a run on a Page. Raises ConfigurationError, and nothing that Graph says."""
    budget = Budget(page_id, provider.usage_type, max_calls=MAX_CALLS)
    read_as = page_id if provider.has_own_token else None
    hook = FacebookInsightsHook(conn_id, read_as, options=_OPTIONS, budget=budget)
    report, token = Report(), "the Page's own token" if provider.has_own_token else "the token"
    client = GraphClient.of(hook.credential, _OPTIONS, hook.budget)
    try:
        client = hook.get_conn()
        if provider.has_own_token:
            report.findings.append(Finding(token, "served"))
        _Examination(client, provider, page_id, report).run()
    except GraphCallLimitError:
        report.findings.append(Finding("everything else", f"not tried: {MAX_CALLS} calls are used up", is_lost=True))
    except GraphError as error:
        shape = "everything else" if report.findings else token
        report.findings.append(Finding(shape, f"not tried: {error}" if report.findings else str(error), is_lost=True))
    report.notes |= _token_notes(hook, client, provider)
    spent = budget.spent()
    pinned = hook.credential.version
    version = [f"{pinned} is asked for, {spent.served_api_version or 'none'} answers"]
    report.notes["version"] = "; ".join(filter(None, [*version, version_warning(pinned, clock.now().date())]))
    report.notes["calls"] = f"{spent.calls}, beside those about the token"
    return report


def _token_notes(hook: FacebookInsightsHook, client: GraphClient, provider: Provider) -> dict[str, str]:
    """Ask about the token, even a dead one."""
    app_token = hook.credential.app_token
    if app_token is None:
        unknown = "not known: the connection has no extra.app_id and extra.app_secret"
        return {"token": unknown, "missing permissions": unknown}
    try:
        health = debug_token(client, app_token, provider.scopes)
    except GraphError as error:
        return {"token": f"not known: {error}", "missing permissions": "not known"}
    ends = {"ends": health.expires_at, "access to data ends": health.data_access_expires_at}
    validity = {True: "valid", False: "not valid", None: "validity not known"}[health.is_valid]
    life = [validity, *(f"{what} {at:%Y-%m-%d %H:%M} UTC" if at else f"{what}: no date" for what, at in ends.items())]
    missing = ", ".join(health.missing_scopes) or ("none" if health.is_valid else "not known")
    warnings = "; ".join(health.warnings(clock.now())) or "none"
    return {"token": ", ".join(life), "missing permissions": missing, "warnings": warnings}


@dataclass
class _Examination:
    """Tries the shapes one after the other. Raises the error after which no request can be made."""

    client: GraphClient
    provider: Provider
    page_id: str
    report: Report

    def __post_init__(self) -> None:
        day = Day(pacific_date(clock.now()) - timedelta(days=1))
        self.run_of_day = Run("doctor", day, SEARCHED_DAYS, refresh=False, settings=Settings.from_environment())
        self.span = (self.run_of_day.since, self.run_of_day.until)
        self.refused: dict[str, set[str]] = {one.name: set() for one in self.provider.resources}
        self.accepted: dict[str, set[str]] = {one.name: set() for one in self.provider.resources}
        self.denied: dict[str, set[str]] = {one.name: set() for one in self.provider.resources}
        self.read_singly: set[str] = set()
        self.page_size = MAX_PAGE_SIZE

    def run(self) -> None:
        nodes = {edge: self._listed(edge) for edge in self.provider.listings}
        found: dict[str, Content] = {}
        self.provider.join(self.page_id, nodes, {}, Issues(), found)
        stored = self._samples(found)
        run = self.run_of_day
        dates = Dates(run.history_dates, clock.now(), run.on_time_until)
        parts = plan(self.provider, self.page_id, stored, dates, None, ())
        self._singly(parts, stored)
        for part in {one.resource.name: one for one in parts}.values():  # of each resource the newest window
            if part.resource.applies_to is None:
                self._own(part)
            elif part.left and part.resource.listing:
                self._by_listing(part)
        self._at_once([part for part in parts if part.left and part.resource.is_strict and part.resource.listing])
        self._note_untried(parts)

    def _listed(self, edge: str) -> list[Any]:
        """Return the newest nodes of an edge that lists content."""
        shape, size, nodes = f"{edge}: list content", PageSize(self.page_size), list[Any]()
        params = {"fields": self.provider.listings[edge], **span_params(self.span)}
        try:
            for answer in islice(self.client.paginate(f"{self.page_id}/{edge}", params, size), MAX_PAGES):
                nodes += answer.nodes
                if len(nodes) >= ENOUGH:
                    break
        except ENDING:
            raise
        except GraphError as error:
            may_lack = edge in self.provider.optional and isinstance(error, FieldRefusedError) and error.field == edge
            way_out = f"left out: this {self.provider.label} has no such edge" if may_lack else ""
            self._add(shape, str(error), way_out, is_lost=not may_lack)
        else:
            self._add(shape, f"served: {len(nodes)} objects", _smaller(size))
        self.page_size = size.value
        return nodes

    def _samples(self, found: dict[str, Content]) -> dict[str, Stored]:
        """Return what stands for each kind, of the span."""
        since, until = self.span
        stored = {
            key: Stored(row.content_type, row.published_at, row.post_id, row.video_id)
            for key, row in found.items()
            if since <= row.published_at < until
        }
        return newest_of_each_kind(stored)

    # Singly

    def _singly(self, parts: Iterable[Part], stored: dict[str, Stored]) -> None:
        """Read one object of each kind by all that a run asks of it, all in one batch; then what was refused."""
        asked = [(part, one) for part in parts if part.resource.applies_to for one in one_per_kind(part)]
        paths = [request_of(part, one, _sources(part, part.left[one])) for part, one in asked]
        exist = [f"{key}?fields=id" for key in list(stored)[:1]]
        if not asked:
            return
        try:
            *answers, existing = self.client.batch(paths + exist)
        except ENDING:
            raise
        except GraphError as error:
            self._add("single reads, by batch", str(error), is_lost=True)
            return
        for (part, one), answer in zip(asked, answers, strict=True):
            shape = f"{part.name}: read one {part.kinds[one]}"
            ask = partial(self._ask_singly, part, one)
            if self._try(shape, part, [one], ask, answer, self._substitute(part, one, stored)):
                self.read_singly.add(part.name)
        is_doubt = isinstance(existing, GraphRefusedError | GraphPermissionError)
        way_out = "nothing is marked as deleted" if is_doubt else ""
        is_lost = isinstance(existing, GraphError) and not is_doubt
        self._add("whether an object exists", _said(existing), way_out, is_lost=is_lost)

    def _ask_singly(self, part: Part, object_id: str, questions: Sequence[Sources]) -> Sequence[Result]:
        answers = self.client.batch([request_of(part, object_id, sources) for sources in questions])
        for answer in answers:
            if isinstance(answer, ENDING):
                raise answer
        return answers

    def _substitute(self, part: Part, object_id: str, stored: dict[str, Stored]) -> str:
        """Return the way out for an object that is refused whole: its content is measured by another resource."""
        key = part.content[object_id]
        alone = replace(stored[key], post_id=None)
        others = [one for one in self.provider.resources if one is not part.resource and not one.window_days]
        names = [one.name for one in others if one.applies_to and one.applies_to(key, alone)]
        return f"measured by {', '.join(names)} alone" if names and not part.window else ""

    # By listing, and the integration itself

    def _by_listing(self, part: Part) -> None:
        size = PageSize(self.page_size)

        def ask(questions: Sequence[Sources]) -> list[Result]:
            return [self._first_page(part, sources, size) for sources in questions]

        way_out = "read singly" if part.name in self.read_singly else ""
        self._try(f"{part.name}: list with insights", part, list(part.left), ask, None, way_out, size)

    def _first_page(self, part: Part, sources: Sources, size: PageSize) -> Result:
        params = {"fields": part.fields(sources), **span_params(self.span)}
        path = f"{self.page_id}/{part.resource.listing}"
        return _result(lambda: next(self.client.paginate(path, params, size)))

    def _at_once(self, parts: Sequence[Part]) -> None:
        """Read one object of each kind by the insights of several resources in one request."""
        if len(parts) < 2:  # noqa: PLR2004 (two of them)
            return
        first, *others = parts
        shape = f"{', '.join(part.name for part in parts)}: read one {first.resource.name} at once"
        refused, answers = self.refused[first.resource.name], list[tuple[str | None, Result]]()
        for one in one_per_kind(first):
            sources = _without(_sources(first, first.left[one]), refused)
            asked = [(first, sources), *((part, _sources(part, part.left[one])) for part in others)]
            answers.append((first.kinds[one], _result(partial(self.client.get, one, fields=fields_of(*asked)))))
        labels = {part.resource.name for part in others}
        served = [kind for kind, answer in answers if isinstance(answer, Answer) and labels <= answer.body.keys()]
        if served:
            self._add(shape, f"served: {', '.join(map(str, served))}")
        else:
            self._add(shape, _said(answers[0][1]), "apart")

    def _own(self, part: Part) -> None:
        def ask(questions: Sequence[Sources]) -> list[Result]:
            return [_result(partial(self._own_answer, part, sources)) for sources in questions]

        self._try(f"{part.name}: read the {self.provider.label}", part, [self.page_id], ask)

    def _own_answer(self, part: Part, sources: Sources) -> Answer:
        path, params = part.own_request(self.page_id, sources)
        return part.own_answer(self.page_id, self.client.get(path, **params))

    # What is refused

    def _try(
        self,
        shape: str,
        part: Part,
        objects: Sequence[str],
        ask: Ask,
        answer: Result | None = None,
        instead: str = "",
        size: PageSize | None = None,
    ) -> bool:
        """Ask for all metrics of some objects, then for less as a run would; return whether something was given.

        ``answer`` is the first answer, if there is one already; ``instead`` what a run does when the shape stays
        refused; ``size`` is given for a listing.
        """
        sources = left = _sources(part, {one for key in objects for one in part.left[key]})
        first = answer = answer or ask([left])[0]
        ways = []
        if isinstance(answer, GraphPermissionError) and (denied := self._denied(part, left)):
            left = _without(left, denied)
            (answer,) = ask([left])
            ways.append(f"without {', '.join(sorted(denied))} (NULL)")
        find = self._refused_in_listing if size else partial(self._refused_singly, ask)
        while isinstance(answer, MetricRefusedError) and (refused := find(part, left)):
            left = _without(left, refused)
            (answer,) = ask([left])
            ways.append(f"without {', '.join(sorted(refused))} ({'singly where accepted' if size else 'NULL'})")
        if isinstance(answer, MetricRefusedError) and not size:
            self._add(shape, str(first), "; ".join([*ways, "each metric in a request of its own"]))
            return True
        if isinstance(answer, GraphError):
            may_be_replaced = isinstance(answer, GraphRefusedError | GraphTooMuchDataError)
            self._add(shape, str(first), instead if may_be_replaced else "", is_lost=not (instead and may_be_replaced))
            return False
        self.accepted[part.resource.name].update(left)
        if size and (smaller := _smaller(size)):
            ways.append(smaller)
        said = f"{len(sources)} metrics served" if left == sources else str(first)
        missing = self._missing(part, objects, left, answer)
        self._add(shape, "; ".join([said, *missing]), "; ".join(ways))
        return True

    def _denied(self, part: Part, sources: Sources) -> set[str]:
        """Return the plain fields that a permission forbids: known from another kind, or each asked of one object."""
        denied = self.denied[part.resource.name]
        plain = [source for source in sources if source in _plain(part, sources)]
        if plain and not denied.intersection(plain):
            one = next(key for key, left in part.left.items() if left.issuperset(plain))
            answers = self._ask_singly(part, one, [(source,) for source in plain])
            denied |= {s for s, answer in zip(plain, answers, strict=True) if isinstance(answer, GraphPermissionError)}
        return denied.intersection(plain)

    def _refused_singly(self, ask: Ask, part: Part, sources: Sources) -> set[str]:
        """Return which metrics an object refuses, known from another kind or asked for alone.

        What another kind accepted is suspected only when nothing else can explain the refusal.
        """
        refused, accepted = self.refused[part.resource.name], self.accepted[part.resource.name]
        insights = _without(sources, _plain(part, sources))
        suspects = _without(insights, refused | accepted) or (() if refused.intersection(insights) else insights)
        for source, answer in zip(suspects, ask([(source,) for source in suspects]), strict=True):
            (refused if isinstance(answer, MetricRefusedError) else accepted).add(source)
        return refused.intersection(sources)

    def _refused_in_listing(self, part: Part, sources: Sources) -> set[str]:
        """Return which metrics some kind refuses: known from single reads, else asked for because not all have them."""
        if refused := self.refused[part.resource.name].intersection(sources):
            return refused
        shared = set.intersection(*(set(left) for left in part.left.values()))
        foreign = _without(sources, shared | _plain(part, sources))

        def ask(questions: Sequence[Question]) -> list[bool]:
            answers = [self._ask_singly(part, one, [asked])[0] for one, asked in questions]
            return [isinstance(answer, MetricRefusedError) for answer in answers]

        objects = {part.kinds[one]: one for one in part.left}
        found = find_refused(ask, objects, foreign) if foreign else {}
        return set().union(*found.values())

    def _missing(self, part: Part, objects: Collection[str], sources: Sources, answer: Answer) -> Iterator[str]:
        """Yield what a good answer lacks, or has in another form than promised: NULL in a run."""
        issues = Issues()
        for node in answer.nodes or [answer.body]:
            object_id = str(at_path(node, "id"))
            if object_id not in objects:
                continue
            metrics = [one for one in part.resource.asked(part.kinds[object_id]) if one.source in sources]
            if part.window and not (part.resource.is_total or part.resource.is_stock):
                data = at_path(node, f"{part.resource.insights}.data")
                dates = self.run_of_day.history_dates
                daily_rows(part.resource, data, metrics, dates, object_id, issues)
            else:
                lifetime_row(part.resource, node, metrics, issues)
        for row in issues.as_json():
            yield f"{row['about'].partition('.')[2]}: {row['reason']} (NULL)"

    def _note_untried(self, parts: Iterable[Part]) -> None:
        tried = {part.resource.key(source) for part in parts for left in part.left.values() for source in left}
        untried = sorted(set(self.provider.sources()) - tried)
        self.report.notes["not tried"] = ", ".join(untried) or "nothing"

    def _add(self, shape: str, answer: str, way_out: str = "", *, is_lost: bool = False) -> None:
        self.report.findings.append(Finding(shape, answer, way_out, is_lost))


def _result(read: Callable[[], Answer]) -> Result:
    try:
        return read()
    except ENDING:
        raise
    except GraphError as error:
        return error


def _sources(part: Part, wanted: Collection[str]) -> Sources:
    """Return metrics by source, each once, in the order of their declaration."""
    return tuple(dict.fromkeys(one.source for one in part.resource.metrics if one.source in wanted))


def _plain(part: Part, sources: Sources) -> set[str]:
    return {metric.source for metric in part.resource.metrics if metric.field and metric.source in sources}


def _without(sources: Sources, left_out: Collection[str]) -> Sources:
    return tuple(source for source in sources if source not in left_out)


def _said(result: Result) -> str:
    return "served" if isinstance(result, Answer) else str(result)


def _smaller(size: PageSize) -> str:
    return f"smaller pages: {size.value} objects" if size.value < MAX_PAGE_SIZE else ""
