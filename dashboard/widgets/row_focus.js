// Keeps the keyboard's place in a row of commands. Knows no command, only `command_row.py`.
//
// A browser takes the focus from a button that is disabled or made anew, and gives it to nobody:
// whoever pressed it would have to find the row again from the top of the page. A row has all its
// buttons at all times, so the place of one in it names it.

const ROWS = "st-key-commands_"
let place // the row's class, and which of its buttons had the focus last
let byKeys = false // a mouse needs no focus, and Space is to scroll the page after a click
let down = false // a key that is held would press one button after the other

export function keepFocusInRows() {
  document.addEventListener("focusin", ({ target }) => note(target))
  document.addEventListener("pointerdown", () => {
    note(null)
    byKeys = false
  }, true)
  document.addEventListener("keydown", () => { byKeys = down = true }, true)
  document.addEventListener("keyup", () => { down = false; look() }, true)
  window.addEventListener("blur", () => { down = false })
}

// Only while a row has the focus: charts change the page all the time.
const watch = new MutationObserver(() => requestAnimationFrame(look))

function note(element) {
  watch.disconnect()
  const button = element?.closest("button")
  const row = button?.closest(`[class*="${ROWS}"]`)
  place = row && {
    row: [...row.classList].find((name) => name.startsWith(ROWS)),
    at: buttonsOf(row).indexOf(button),
  }
  if (!place) return
  const changes = { subtree: true, childList: true, attributes: true, attributeFilter: ["disabled"] }
  watch.observe(document.body, changes)
}

// The focus goes to the same button, or where that is disabled to the next one that is not.
function look() {
  const now = document.activeElement
  const lost = !now || now === document.body || now.disabled
  const row = place && byKeys && !down && lost && document.querySelector(`.${place.row}`)
  if (!row) return
  const buttons = buttonsOf(row)
  const onwards = [...buttons.slice(place.at), ...buttons.slice(0, place.at)]
  onwards.find((button) => !button.disabled)?.focus()
}

function buttonsOf(row) {
  return [...row.querySelectorAll("button")]
}
