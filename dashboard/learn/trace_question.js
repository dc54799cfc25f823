// A question about one number of the learner's own network: it is hidden until a prediction is
// committed, and computed only then. What was committed is kept with the network it was about.

import { comesBack } from "./arithmetic.js"
import { element, fixed } from "./drawing.js"
import { nameOf, unfold, valueAt } from "./unfold.js"
import { keep, kept, whenChanged } from "./walk/memory.js"

const STEP = "trace" // of the walk
export const TOLERANCE = 0.05 // numbers are written with two digits, and five of them are combined

// `toy` gives { cell, word, network, result } of the moment, and takes `show(kept)` and `changed()`.
export class TraceQuestion {
  constructor(toy) {
    this.toy = toy
    this.asks = element("p", { class: "asks" })
    this.input = element("input", { type: "number", step: "0.01", "aria-label": "Your number" })
    this.button = element("button", { type: "button", class: "commit" }, "Commit")
    this.verdict = element("p", { class: "verdict", role: "status" })
    this.answer = element("p", { class: "answer" })
    this.input.addEventListener("input", () => { this.button.disabled = this.value() === null })
    this.input.addEventListener("keydown", ({ key }) => { if (key === "Enter") this.commit() })
    this.button.addEventListener("click", () => this.commit())
    const note = element("span", { class: "note" }, ` counts within ${TOLERANCE}`)
    this.form = element(
      "section", { class: "question" }, this.asks, element("label", {}, this.input, note),
      element("div", {}, this.button), this.verdict, this.answer,
    )
    this.leave = whenChanged(() => this.settle())
  }

  get open() {
    return !this.committed()
  }

  committed() {
    const found = kept()[STEP]
    return found && Number.isFinite(found.said) && found.network && found.word ? found : null
  }

  // Which number it is about: after each change of the network.
  ask({ network, cell }, alphabet) {
    if (!this.open) return
    const name = nameOf(network, cell, alphabet)
    this.asks.textContent = `Choose a word and weights of your own. What is ${name}, hidden as “?”, ` +
      "what goes into a unit at the third step? Its sum stands above the picture."
  }

  value() {
    return this.input.value !== "" && this.input.checkValidity() ? Number(this.input.value) : null
  }

  commit() {
    const said = this.value()
    if (said === null) return
    const { word, network } = this.toy.now()
    this.input.blur()
    keep(STEP, { said, word, network: structuredClone(network) })
    this.verdict.tabIndex = -1
    this.verdict.focus({ preventScroll: true }) // the button that had it is gone
  }

  // Brings question, prediction and answer to where they stand.
  settle() {
    const found = this.committed()
    this.input.disabled = Boolean(found)
    this.button.hidden = Boolean(found)
    this.button.disabled = this.value() === null
    if (!found) {
      if (this.answered) this.input.value = ""
      this.answered = false
      this.button.disabled = true
      this.verdict.replaceChildren()
      this.answer.replaceChildren()
      this.toy.changed()
      return
    }
    if (this.answered) return
    this.answered = true
    this.input.value = found.said
    this.toy.show(found)
    this.tell(found.said)
  }

  tell(said) {
    const { network, result, cell, alphabet } = this.toy.now()
    const name = nameOf(network, cell, alphabet)
    const [value, back] = [valueAt(network, result, cell), throughW(network, result, cell, alphabet)]
    // Half of the last digit more: what is read is rounded.
    const near = Math.abs(said - value) <= TOLERANCE + 0.005
    const verdict = near ? "As predicted. " : "Not as predicted. "
    this.verdict.replaceChildren(element("strong", {}, verdict), `You said: ${fixed(said, 2)}.`)
    const told = comesBack(network) === "y" // the true previous output: the very letter that is read
      ? "It came from the letter that is read, which comes back in place of an output: of the letters " +
        "before, this unit is told nothing."
      : `Had nothing come back, it would be ${fixed(value - back, 2)}: that difference is all that this ` +
        "unit is told of the letters before."
    this.answer.textContent =
      `${name} = ${fixed(value, 2)}, of which ${fixed(back, 2)} came through W. ${told}`
  }
}

// The part of a sum that W has a factor in.
function throughW(network, result, cell, alphabet) {
  const { terms } = unfold(network, result, cell, alphabet, false)
  return terms
    .filter((term) => term.some((factor) => factor.cell?.startsWith("W.")))
    .reduce((sum, term) => sum + term.reduce((product, factor) => product * factor.value, 1), 0)
}
