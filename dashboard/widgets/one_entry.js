// One step of the visitor's, one entry in the browser's history. Knows no page.
//
// On the way to another page Streamlit notes the page and its query one after the other, in either
// order: going back would meet an address that nobody has seen.

export function noteStepsOnce() {
  const push = history.pushState
  let noted = true // since the last step; the way here was the first
  history.pushState = function (...entry) {
    if (noted) this.replaceState(...entry)
    else push.apply(this, entry)
    noted = true
  }
  const step = () => {
    noted = false
  }
  for (const what of ["pointerdown", "keydown"]) document.addEventListener(what, step, true)
}
