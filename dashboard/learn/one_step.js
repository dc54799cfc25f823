// Picture 1: a word goes through a network of 3 nodes, forward and back, every number to be seen.
// Weights are dragged; a number that is chosen unfolds into the sum behind it.

import { layOut } from "./beside.js"
import { choice, eachFrame, element, fixed, keepKeys } from "./drawing.js"
import { cellsOf, drawCells } from "./one_step_cells.js"
import { ALPHABET, windowFor, withoutW } from "./one_step_question.js"
import { roomOf } from "./question.js"
import { startWeights } from "./start_weights.js"
import { equationOf, sumInWords } from "./one_step_words.js"
import { TraceQuestion } from "./trace_question.js"
import { gradientAt, isWeight, nameOf, unfold, valueAt } from "./unfold.js"

const NODES = 3
const LONGEST = 6 // of a word: its steps fit beside the weights
const [FINEST, STEP] = [0.01, 0.05] // of a weight, for a pixel and for a key
const NETWORKS = [
  ["arch1 concat teacher", "Arch 1, concat"],
  ["arch1 add teacher", "Arch 1, add"],
  ["arch1 multiply teacher", "Arch 1, multiply"],
  ["arch2 concat teacher", "Arch 2, teacher forced"],
  ["arch2 concat free", "Arch 2, free running"],
]

const drawn = new WeakMap()

export default function draw(component) {
  const { data, parentElement } = component
  if (!drawn.has(parentElement)) {
    drawn.set(parentElement, new OneStep(data, parentElement, roomOf(component)))
  }
  const picture = drawn.get(parentElement)
  picture.compare(data)
  return () => {
    // Streamlit also cleans up a call that a newer one has overtaken; the picture lives on.
    if (parentElement.isConnected) return
    picture.trace?.leave()
    drawn.delete(parentElement)
  }
}

class OneStep {
  constructor(data, parentElement, room) {
    this.network = { ...data.start, weights: null }
    this.word = "hello"
    this.backward = false
    this.chosen = null
    this.redraw = eachFrame(() => this.refresh())
    this.host = element("div", { class: "toy one-step" })
    this.unfolded = element("p", { class: "unfolded", role: "status" })
    this.picture = element("div", { class: "picture" })
    this.equation = element("p", { class: "note equation" })
    this.shapes = element("details", { class: "shapes" })
    keepKeys(this.host)
    // In the walk a number of this very network is asked for, and hidden until then.
    this.trace = data.walk ? new TraceQuestion({
      now: () => this.now(), show: (kept) => this.take(kept), changed: () => this.build(),
    }) : null
    this.shortest = this.trace ? 4 : 2 // the third step is asked about
    layOut(
      this.host, [this.controls(), this.unfolded, this.picture, this.equation, this.shapes],
      this.trace ? this.trace.form : withoutW(() => this.network, room),
    )
    parentElement.append(this.host)
    this.fillWeights(1)
    this.build()
    this.trace?.settle()
  }

  // Which the settings of the Train page are, beside the toy's.
  compare(data) {
    this.settings = data.settings
    this.tabulate()
  }

  controls() {
    const word = element("input", { type: "text", value: this.word, maxlength: LONGEST })
    this.written = word
    const note = element(
      "span", { class: "note" }, `${this.shortest} to ${LONGEST} of ${[...ALPHABET].join(" ")}`,
    )
    word.addEventListener("input", () => {
      const kept = [...word.value.toLowerCase()].filter((letter) => ALPHABET.includes(letter))
      word.value = kept.join("")
      if (kept.length < this.shortest) return
      this.word = word.value
      this.build()
    })
    const kind = element("select", {}, ...NETWORKS.map(([value, label]) => (
      element("option", { value }, label)
    )))
    this.kind = kind
    kind.value = `${this.network.architecture} ${this.network.combine} ${this.network.feedback}`
    kind.addEventListener("change", () => {
      const [architecture, combine, feedback] = kind.value.split(" ")
      Object.assign(this.network, { architecture, combine, feedback })
      this.fillWeights(this.seed)
      this.build()
    })
    const activations = [["tanh", "tanh"], ["relu", "ReLU"]]
    const ways = [["forward", "values"], ["backward", "gradients"]]
    const fresh = element("button", { type: "button" }, "Other weights")
    fresh.addEventListener("click", () => {
      this.fillWeights(this.seed + 1)
      this.redraw()
    })
    this.phi = choice("φ", activations, this.network.activation, (activation) => {
      this.network.activation = activation
      this.redraw()
    })
    this.ways = choice("Show", ways, "forward", (way) => {
      this.backward = way === "backward"
      this.build()
    })
    return element(
      "div", { class: "controls" },
      element("label", {}, "Word", word, note), element("label", {}, "Network", kind),
      this.phi, this.ways, fresh,
    )
  }

  // Seeded, so that the same picture is there again after a change of network.
  fillWeights(seed) {
    this.seed = seed
    this.network.weights = startWeights(this.network, ALPHABET.length, NODES, seed)
  }

  // What a question about this network is about: what goes into the first unit to which something
  // comes back, at the third step: two letters have come before it.
  now() {
    const cell = `z.2.${this.network.weights.b.length - NODES}`
    const { network, word } = this
    return { cell, word, network, result: windowFor(network, word), alphabet: ALPHABET }
  }

  // The number that is asked for, and what φ makes of it.
  hidden() {
    if (!this.trace?.open) return []
    const { cell } = this.now()
    return [cell, cell.replace("z", "h")]
  }

  // A network that was kept, in the place of this one.
  take({ network, word }) {
    this.network = structuredClone(network)
    this.word = word
    this.written.value = word
    this.kind.value = `${network.architecture} ${network.combine} ${network.feedback}`
    for (const input of this.phi.querySelectorAll("input")) {
      input.checked = input.value === network.activation
    }
    this.build()
  }

  // The picture anew: the word or the network has changed, and with it which numbers there are.
  build() {
    this.result = windowFor(this.network, this.word)
    if (this.trace) {
      this.trace.ask(this.now(), ALPHABET)
      this.chosen ??= this.now().cell
      // Gradients are products of the values, and would tell a hidden one.
      for (const input of this.ways.querySelectorAll("input")) input.disabled = this.trace.open
    }
    const blocks = cellsOf(this.network, this.word, ALPHABET, this.backward)
    const found = blocks.some((block) => block.cells.flat().includes(this.chosen))
    // A sum to begin with: at the last step, of the units to which something comes back.
    if (!found) this.chosen = `z.${this.word.length - 2}.${this.network.weights.b.length - NODES}`
    this.cells = drawCells(this.picture, blocks, this.network, this.word, this.backward)
    for (const [cell, place] of this.cells) this.listen(cell, place.group)
    this.tabulate()
    this.refresh()
  }

  refresh() {
    const marks = this.backward ? "\n∂ before a name: the derivative of the mean loss by it." : ""
    this.equation.textContent = equationOf(this.network) + marks
    this.result = windowFor(this.network, this.word)
    // Where a cell shows a gradient, its value is no part of the sum to be seen there.
    const { terms } = unfold(this.network, this.result, this.chosen, ALPHABET, this.backward)
    const shown = terms.flat().filter(({ kind }) => (
      kind === (this.backward ? "gradient" : "value")
    ))
    const used = new Set(shown.map((factor) => factor.cell))
    const hidden = this.hidden()
    for (const [cell, { group, label }] of this.cells) {
      const value = hidden.includes(cell) ? 0 : this.at(cell)
      label.textContent = hidden.includes(cell) ? "?" : fixed(value, 2)
      // The root, so that small gradients have a colour, too.
      group.style.setProperty("--strength", `${55 * Math.sqrt(Math.min(1, Math.abs(value)))}%`)
      group.classList.toggle("negative", value < 0)
      group.classList.toggle("chosen", cell === this.chosen)
      group.classList.toggle("used", used.has(cell))
      this.describe(cell, group, hidden.includes(cell))
    }
    this.unfolded.textContent = sumInWords(
      this.network, this.result, this.chosen, ALPHABET, this.backward, hidden,
    )
  }

  describe(cell, group, isHidden) {
    const name = nameOf(this.network, cell, ALPHABET)
    const told = isHidden ? "hidden until you commit" : fixed(this.at(cell), 3)
    group.setAttribute("aria-label", this.backward ? `gradient by ${name}: ${told}` : `${name}: ${told}`)
    group.tabIndex = cell === this.chosen ? 0 : -1
    if (isWeight(cell)) {
      group.setAttribute("aria-valuenow", valueAt(this.network, this.result, cell))
      group.setAttribute("aria-valuetext", group.getAttribute("aria-label"))
    } else {
      group.setAttribute("aria-pressed", cell === this.chosen)
    }
  }

  at(cell) {
    return (this.backward ? gradientAt : valueAt)(this.network, this.result, cell)
  }

  listen(cell, group) {
    group.addEventListener("focus", () => this.choose(cell))
    group.addEventListener("keydown", (event) => this.press(event, cell))
    if (isWeight(cell)) this.drag(cell, group)
    else group.addEventListener("pointerdown", () => group.focus())
  }

  drag(cell, group) {
    let from = null
    group.addEventListener("pointerdown", (event) => {
      event.preventDefault()
      group.focus()
      group.setPointerCapture(event.pointerId)
      from = { x: event.clientX, value: valueAt(this.network, this.result, cell) }
    })
    group.addEventListener("pointermove", (event) => {
      if (from) this.setWeight(cell, from.value + FINEST * (event.clientX - from.x))
    })
    for (const end of ["pointerup", "pointercancel"]) {
      group.addEventListener(end, () => { from = null })
    }
  }

  press(event, cell) {
    const change = { ArrowUp: STEP, ArrowDown: -STEP }[event.key]
    if (change && isWeight(cell)) {
      this.setWeight(cell, valueAt(this.network, this.result, cell) + change)
    } else if (event.key.startsWith("Arrow")) {
      const cells = [...this.cells.keys()]
      const by = ["ArrowRight", "ArrowDown"].includes(event.key) ? 1 : -1
      const next = cells[cells.indexOf(cell) + by]
      if (next) this.cells.get(next).group.focus()
    } else return
    event.preventDefault()
  }

  setWeight(cell, value) {
    const [name, ...at] = cell.split(".")
    const last = at.pop()
    const row = at.reduce((values, place) => values[place], this.network.weights[name])
    row[last] = Math.round(100 * Math.min(5, Math.max(-5, value))) / 100
    this.redraw()
  }

  choose(cell) {
    this.chosen = cell
    this.redraw()
  }

  tabulate() {
    if (!this.settings) return
    const shape = (values) => (Array.isArray(values[0])
      ? `${values.length} × ${values[0].length}` : `${values.length}`)
    const rows = Object.entries(this.network.weights).map(([name, values]) => element(
      "tr", {}, element("th", { scope: "row" }, name), element("td", {}, shape(values)),
      element("td", {}, this.settings.shapes[name]),
    ))
    const heads = ["", "here", "on Train"].map((head) => element("th", { scope: "col" }, head))
    this.shapes.replaceChildren(
      element("summary", {}, "The matrices, here and in the settings of Train"),
      element(
        "table", {}, element("thead", {}, element("tr", {}, ...heads)), element("tbody", {}, ...rows),
      ),
      element("p", { class: "note" }, this.settings.equation),
    )
  }
}
