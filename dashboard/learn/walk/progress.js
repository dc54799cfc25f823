// How many steps are answered, and a button that forgets them. It tells Python what the browser has
// kept: once when it arrives, and after each change.

import { element } from "./../drawing.js"
import { forget, kept, whenChanged } from "./memory.js"

const drawn = new WeakMap()

export default function draw({ data, parentElement, setStateValue }) {
  if (!drawn.has(parentElement)) drawn.set(parentElement, new Progress(parentElement))
  const progress = drawn.get(parentElement)
  progress.show(data, setStateValue)
  return () => {
    // Streamlit also cleans up a call that a newer one has overtaken; the element lives on.
    if (parentElement.isConnected) return
    progress.leave()
    drawn.delete(parentElement)
  }
}

class Progress {
  constructor(parentElement) {
    this.told = element("span", { role: "status" })
    this.button = element("button", { type: "button" }, "Forget my answers")
    this.button.addEventListener("click", forget)
    parentElement.append(element("div", { class: "progress" }, this.told, this.button))
    this.leave = whenChanged((step) => this.report(step))
  }

  show(data, setStateValue) {
    this.data = data
    this.setStateValue = setStateValue
    if (this.reported === undefined) this.arrive()
    this.count()
  }

  arrive() {
    this.reported = true
    if (Object.keys(kept()).length || this.data.known) this.report(null)
  }

  report(committed) {
    this.setStateValue("answers", { kept: kept(), committed })
    this.count()
  }

  count() {
    const answers = kept()
    const done = this.data.steps.filter((step) => step in answers).length
    this.told.textContent = `${done} of ${this.data.steps.length} answered`
    this.button.disabled = done === 0
  }
}
