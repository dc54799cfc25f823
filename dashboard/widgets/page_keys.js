// Keys that turn pages and the projector's look. Knows no page: it presses the links that are there.

let listener

export function turnByKeys(present) {
  if (listener) document.removeEventListener("keydown", listener)
  listener = (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return
    if (event.target.closest?.("input, textarea, select, [contenteditable], [role=slider], [role=radio], [role=tab], .js-plotly-plot, canvas, [role=grid]")) return
    if (event.key === "ArrowRight" || event.key === "PageDown") turn(1, event)
    else if (event.key === "ArrowLeft" || event.key === "PageUp") turn(-1, event)
    else if (event.key === "f" || event.key === "F") toggle(present)
  }
  document.addEventListener("keydown", listener)
}

// PageUp and PageDown scroll, unless a presenter's clicker sends them to a room.
function turn(by, event) {
  const links = [...document.querySelectorAll('[data-testid="stTopNavLink"]')]
  const here = links.findIndex((link) => link.getAttribute("aria-current") === "page")
  const next = links[here + by]
  if (here < 0 || !next) return
  event.preventDefault()
  next.click()
}

function toggle(present) {
  const address = new URL(location.href)
  address.searchParams.set("present", present ? "0" : "1")
  location.assign(address)
}
