"""The grammar of field expansion: `id,insights.metric(a,b).period(lifetime){name,values},comments.limit(0)`."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from graph_sandbox.wire.call import names
from graph_sandbox.wire.errors import syntax

TOKEN = re.compile(r"\s*(?:(?P<name>[A-Za-z_][A-Za-z0-9_]*)|(?P<sign>[.,{}()])|(?P<other>\S))")
NOTHING: Mapping[str, str] = {}
NOT_KEPT = frozenset({"after", "before", "as", "access_token", "appsecret_proof"})


@dataclass(frozen=True, slots=True)
class FieldSpec:
    """One requested field: its name, its modifiers as parameters, and the fields asked of what it leads to."""

    name: str
    params: Mapping[str, str] = field(default_factory=dict, hash=False)
    children: tuple["FieldSpec", ...] = ()

    @property
    def label(self) -> str:
        """The key in the answer: the name, unless `.as(label)` renames it."""
        return self.params.get("as", self.name)

    @property
    def is_summarized(self) -> bool:
        """Whether a summary is asked for: `summary=true`, or a list of its members."""
        return self.params.get("summary", "false") not in {"false", "0"}

    def kept(self) -> dict[str, str]:
        """Return the parameters that the links in `paging` keep: all but the cursors and what shows who asks."""
        kept = {name: value for name, value in self.params.items() if name not in NOT_KEPT}
        return kept | ({"fields": fields_text(self.children)} if self.children else {})

    def __str__(self) -> str:
        modifiers = "".join(f".{name}({value})" for name, value in self.params.items())
        return f"{self.name}{modifiers}{{{fields_text(self.children)}}}" if self.children else self.name + modifiers

    def names(self) -> Iterator[str]:
        """Yield the name of this field and of all below it."""
        yield self.name
        for child in self.children:
            yield from child.names()


def fields_text(specs: tuple[FieldSpec, ...]) -> str:
    """Return the text that parses to these fields."""
    return ",".join(map(str, specs))


@lru_cache(maxsize=512)
def parse_fields(text: str) -> tuple[FieldSpec, ...]:
    """Return the fields in the order asked, a list by commas or in JSON; a GraphError of code 2500 for other text."""
    if not text.strip():
        return ()
    parser = _Parser(",".join(names(text)) if text.startswith("[") else text)
    found = parser.fields()
    parser.expect_end()
    return found


class _Parser:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def fields(self) -> tuple[FieldSpec, ...]:
        found = [self.field()]
        while self.take(","):
            found.append(self.field())
        return tuple(found)

    def field(self) -> FieldSpec:
        name = self.name()
        params: dict[str, str] = {}
        children: tuple[FieldSpec, ...] = ()
        while sign := self.take(".") or self.take("{"):
            if sign == ".":
                modifier = self.name()
                params[modifier] = self.argument()
            else:
                children = self.fields()
                self.demand("}")
        return FieldSpec(name, params or NOTHING, children)

    def name(self) -> str:
        match = TOKEN.match(self.text, self.at)
        if match is None or match["name"] is None:
            raise self.error("Expected name")
        self.at = match.end()
        return match["name"]

    def argument(self) -> str:
        self.demand("(")
        end = self.text.find(")", self.at)
        if end < 0:
            raise self.error('Expected ")"')
        argument, self.at = self.text[self.at : end], end + 1
        return argument.strip()

    def take(self, sign: str) -> str | None:
        match = TOKEN.match(self.text, self.at)
        if match is None or match["sign"] != sign:
            return None
        self.at = match.end()
        return sign

    def demand(self, sign: str) -> None:
        if self.take(sign) is None:
            raise self.error(f'Expected "{sign}"')

    def expect_end(self) -> None:
        if self.text[self.at :].strip():
            raise self.error("Expected end of string")

    def error(self, expected: str) -> Exception:
        found = self.text[self.at : self.at + 1]
        instead = f' instead of "{found}"' if found else ""
        return syntax(f'"{expected}{instead}." at character {self.at}: {self.text}')
