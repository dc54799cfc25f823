// A question of the walk: what is predicted is committed and kept, and only then Python is asked what
// was measured. The answer comes with the next drawing, beside what was predicted.

import { element, keepKeys } from "./../drawing.js"
import { KINDS } from "./kinds.js"
import { keep, kept, whenChanged } from "./memory.js"

const drawn = new WeakMap()

export default function draw({ data, parentElement }) {
  if (!drawn.has(parentElement)) drawn.set(parentElement, new Card(parentElement))
  const card = drawn.get(parentElement)
  card.show(data)
  return () => {
    // Streamlit also cleans up a call that a newer one has overtaken; the card lives on.
    if (parentElement.isConnected) return
    card.leave()
    drawn.delete(parentElement)
  }
}

class Card {
  constructor(parentElement) {
    this.host = element("section", { class: "question" })
    this.verdict = element("p", { class: "verdict", role: "status" })
    this.answer = element("div", { class: "answer" })
    this.commit = element("button", { type: "button", class: "commit" }, "Commit")
    this.commit.addEventListener("click", () => this.commits())
    this.host.addEventListener("keydown", ({ key, target }) => {
      if (key === "Enter" && target.type === "number") this.commits()
    })
    keepKeys(this.host)
    parentElement.append(element("div", { class: "toy walk-card" }, this.host))
    this.leave = whenChanged(() => this.settle())
  }

  show(data) {
    const asks = JSON.stringify([data.step, data.asks])
    this.data = data
    if (asks !== this.asks) {
      this.asks = asks
      this.build()
    }
    this.settle()
  }

  build() {
    this.kind = KINDS[this.data.asks.kind](this.data.asks, () => {
      this.commit.disabled = this.kind.value() === null
    })
    const { body, picture } = this.kind
    this.host.replaceChildren(
      ...body, this.commit, this.verdict, ...(picture ? [picture] : []), this.answer,
    )
    this.shown = undefined
  }

  // What was committed; what this browser has kept from elsewhere and Python does not take is none.
  predicted() {
    return this.data.refused ? null : kept()[this.data.step] ?? null
  }

  commits() {
    const said = this.kind.value()
    if (said === null) return
    this.committed = true
    const before = this.data.asks.again ? this.predicted() ?? [] : null
    this.data = { ...this.data, refused: false, outcome: null }
    keep(this.data.step, before ? [...before, said] : said)
  }

  // Brings the card to where question, prediction and outcome stand.
  settle() {
    const { outcome, waiting, asks } = this.data
    const said = this.predicted()
    // An outcome belongs to the prediction that Python was told.
    const answers = outcome && JSON.stringify(this.data.predicted) === JSON.stringify(said)
    const state = JSON.stringify([said, answers ? outcome : null, waiting])
    if (state === this.shown) return
    this.shown = state
    if (said === null) {
      if (this.frozen) this.build()
      this.frozen = false
      this.verdict.replaceChildren()
      this.answer.replaceChildren()
      this.open(true)
      return
    }
    this.frozen = true
    this.kind.freeze(said)
    this.open(false)
    const verdict = answers ? (outcome.right ? "As predicted. " : "Not as predicted. ") : ""
    this.verdict.replaceChildren(
      element("strong", {}, verdict), `You said: ${this.kind.tell(said)}.`,
    )
    if (!answers) {
      const coming = waiting || "What was measured comes now."
      this.answer.replaceChildren(element("p", { class: "note" }, coming))
      return
    }
    this.answer.replaceChildren(...table(outcome.table), ...paragraphs(outcome.sentences))
    this.kind.answered(outcome)
    if (asks.again && !outcome.right) this.again(said)
    if (!this.committed) return
    this.committed = false
    this.verdict.tabIndex = -1
    this.verdict.focus({ preventScroll: true }) // the button that had it is gone
  }

  // Another one after a wrong one: what was said before stays said.
  again(tried) {
    this.open(true)
    this.kind.reopen(tried)
    this.commit.textContent = "Try this one"
    this.commit.disabled = true
  }

  open(open) {
    for (const input of this.host.querySelectorAll("input")) input.disabled = !open
    this.commit.hidden = !open
    this.commit.textContent = "Commit"
    this.commit.disabled = this.kind.value() === null
  }
}

function paragraphs(text) {
  return text.split("\n").map((part) => element("p", {}, part))
}

function table([heads, ...rows]) {
  if (!heads) return []
  const cells = (row, tag) => element("tr", {}, ...row.map((cell) => element(tag, {}, cell)))
  return [element(
    "table", {}, element("thead", {}, cells(heads, "th")),
    element("tbody", {}, ...rows.map((row) => cells(row, "td"))),
  )]
}
