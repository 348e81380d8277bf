// Draws each chart of a page with Vega, in the colours of the page, and anew when these change.

const figures = [...document.querySelectorAll("figure[data-spec]")];

/** Returns what makes a chart look like the page. */
function look() {
  const values = getComputedStyle(document.documentElement);
  const [fg, muted, border] = ["--fg", "--muted", "--border"].map((name) => values.getPropertyValue(name).trim());
  const series = [1, 2, 3, 4].map((number) => values.getPropertyValue(`--series-${number}`).trim());
  return {
    background: "transparent",
    font: getComputedStyle(document.body).fontFamily,
    view: { stroke: null },
    mark: { color: series[0] },
    range: { category: series },
    axis: { labelColor: muted, tickColor: border, domainColor: border, gridColor: border },
    legend: { labelColor: fg },
  };
}

/** Draws one chart. Expressions are interpreted, for the page allows no code that is made of text. */
async function draw(figure, embed) {
  const drawing = figure.querySelector(".drawing");
  const spec = JSON.parse(figure.dataset.spec);
  spec.data.values = JSON.parse(figure.closest("[data-rows]").dataset.rows);
  const tooltip = { disableDefaultStyle: true };
  try {
    await embed(drawing.firstElementChild, spec, { actions: false, ast: true, config: look(), defaultStyle: false, renderer: "svg", tooltip });
    figure.dataset.state = "drawn";
  } catch (error) {
    drawing.textContent = `The chart could not be drawn (${error.message}). The table below has the same numbers.`;
    figure.dataset.state = "failed";
  }
}

async function drawAll() {
  const { embed } = await import("./vega.js");
  await Promise.all(figures.map((figure) => draw(figure, embed)));
}

if (figures.length) {
  await drawAll();
  let dark = document.documentElement.classList.contains("dark");
  new MutationObserver(() => {
    const now = document.documentElement.classList.contains("dark");
    if (now !== dark) drawAll();
    dark = now;
  }).observe(document.documentElement, { attributes: true, attributeFilter: ["class"] });
}
