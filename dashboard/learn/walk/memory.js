// What was predicted in the walk, by the steps' names, as this browser keeps it. Knows no question.

const NAME = "unroll-walk" // in localStorage, and of the event when it changes
let instead = "{}" // where a browser keeps nothing, until it leaves the page

export function kept() {
  try {
    const found = JSON.parse(read())
    return found !== null && typeof found === "object" && !Array.isArray(found) ? found : {}
  } catch {
    return {} // somebody else's, or half written
  }
}

export function keep(step, prediction) {
  write(JSON.stringify({ ...kept(), [step]: prediction }), step)
}

export function forget() {
  write("{}", null)
}

// Calls `listener` after each change, with the step that was committed, or null; returns what ends
// that.
export function whenChanged(listener) {
  const heard = (event) => listener(event.detail)
  document.addEventListener(NAME, heard)
  return () => document.removeEventListener(NAME, heard)
}

function read() {
  try {
    return localStorage.getItem(NAME) ?? instead
  } catch {
    return instead
  }
}

function write(text, step) {
  instead = text
  try {
    localStorage.setItem(NAME, text)
  } catch {
    // Full, or not allowed: it lasts as long as the page.
  }
  document.dispatchEvent(new CustomEvent(NAME, { detail: step }))
}
