// What a page needs beside its HTML: the theme of Airflow around it, and links into Airflow.

const outside = window.parent === window ? null : window.parent;

/** Takes the colours of the page around, now and whenever its theme changes. */
function followTheme() {
  const root = document.documentElement;
  if (!outside) {
    root.classList.toggle("dark", matchMedia("(prefers-color-scheme: dark)").matches);
    return;
  }
  const theirs = outside.document.documentElement;
  const copy = () => {
    root.classList.toggle("dark", theirs.classList.contains("dark"));
    const values = outside.getComputedStyle(theirs);
    for (const [ours, name] of [["--bg", "bg"], ["--fg", "fg"], ["--border", "border"]]) {
      const value = values.getPropertyValue(`--chakra-colors-${name}`).trim();
      if (value) root.style.setProperty(ours, value);
    }
  };
  copy();
  new MutationObserver(copy).observe(theirs, { attributes: true, attributeFilter: ["class", "data-theme"] });
}

/** Opens Airflow's own pages in place of this one, not within its frame. */
function openInAirflow(event) {
  const link = event.target.closest("a[href^='../']");
  if (!link || !outside || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
  event.preventDefault();
  const { pathname, search } = new URL(link.href);
  outside.history.pushState({}, "", pathname + search);
  outside.dispatchEvent(new PopStateEvent("popstate", { state: {} }));
}

/** Opens the address of a network in a tab of its own, which the frame may not do by itself. */
function openOutside(event) {
  const link = event.target.closest("a[href^='https://']");
  if (!link || !outside) return;
  event.preventDefault();
  const theirs = outside.document.createElement("a");
  Object.assign(theirs, { href: link.href, target: "_blank", rel: "noopener noreferrer" });
  theirs.click();
}

followTheme();
document.addEventListener("click", openInAirflow);
document.addEventListener("click", openOutside);
