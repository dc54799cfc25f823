// A page begins at its top. Knows no page.
//
// Streamlit leaves the next page scrolled as far as a button on the last one was: its commands, and
// what was just set up, would be out of sight.

export function beginPagesAtTheTop() {
  let shown = location.pathname
  const look = () => {
    if (location.pathname === shown) return
    shown = location.pathname
    document.querySelector("[data-testid=stMain]")?.scrollTo(0, 0)
  }
  for (const way of ["pushState", "replaceState"]) {
    const note = history[way]
    history[way] = function (...entry) {
      note.apply(this, entry)
      look()
    }
  }
  addEventListener("popstate", look)
}
