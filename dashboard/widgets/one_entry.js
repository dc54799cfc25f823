// One step of the visitor's, one entry in the browser's history. Knows no page.
//
// On the way to another page Streamlit notes the page and its query one after the other, in either
// order: going back would meet an address that nobody has seen.

export function noteStepsOnce() {
  const push = history.pushState
  let begun = false // what is noted before the first step of all is the browser's own affair
  let noted = false // since the last step
  history.pushState = function (...entry) {
    if (noted) this.replaceState(...entry)
    else push.apply(this, entry)
    noted = begun
  }
  const step = () => {
    begun = true
    noted = false
  }
  for (const what of ["pointerdown", "keydown"]) document.addEventListener(what, step, true)
}
