"""What the build adds to the package: Vega for the browser, as one ES module that vl-convert-python writes."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

BUNDLE = "plugins/meta_insights/ui/static/vega.js"


def write_bundle(path: Path) -> None:
    """Write Vega, Vega-Lite and Vega-Embed to a file, unless this version has written it already: it takes 6 s."""
    writer = f"vl-convert-python {version('vl-convert-python')}"
    first = f"/* Vega, Vega-Lite, Vega-Embed (BSD-3-Clause), bundled by {writer} */\n"
    if path.exists() and path.read_text(encoding="utf-8").startswith(first):
        return
    import vl_convert  # noqa: PLC0415 (it starts V8)

    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(first + vl_convert.javascript_bundle("export {vegaEmbed as embed};"), encoding="utf-8")


class VegaBuildHook(BuildHookInterface[Any]):
    """Writes the bundle into the package, where an editable installation serves it from, and a wheel takes it from."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 (hatchling calls it so)
        """Run before the files of a wheel are collected; git ignores the bundle, so it is named."""
        write_bundle(Path(self.root) / BUNDLE)
        build_data["artifacts"].append(BUNDLE)
