// Picture 2: a network of 3 nodes pulled apart into copies, one a letter. Values cross the cut
// between windows, gradients stop at it; each copy's share of the one ∂W stands below it.

import { zeroState } from "./arithmetic.js"
import { layOut } from "./beside.js"
import { choice, eachFrame, element, fixed, keepKeys, svg } from "./drawing.js"
import { startWeights } from "./start_weights.js"
import { question, roomOf } from "./question.js"
import { leftBy, sizeOf, sumOf, trained, windowsOf } from "./truncated.js"
import { MOST, copiesBefore, drawCopies } from "./unroll_and_cut_copies.js"

const ALPHABET = "helo"
const WORD = [..."hello"].map((letter) => ALPHABET.indexOf(letter)) // read again and again
const NODES = 3
const START = { copies: 6, T: 3 }
const LESSON = { T: 1, updates: 2000, rate: 0.3 } // what the question trains with
const NOTE = "All copies are one network with one W, and each says how it should change. The shares add " +
  "up to ∂W of their window, number by number; their sizes, roots of sums of squares, do not. A " +
  "window's loss is a mean: each of its T losses counts 1/T. Weights stay as they are here; in " +
  "training each window ends with an update."

const drawn = new WeakMap()

export default function draw(component) {
  const { data, parentElement } = component
  if (!drawn.has(parentElement)) {
    drawn.set(parentElement, new UnrollAndCut(data, parentElement, roomOf(component)))
  }
  drawn.get(parentElement).show(data)
}

class UnrollAndCut {
  constructor({ activation, walk }, parentElement, room) {
    Object.assign(this, START)
    this.network = { architecture: "arch1", combine: "add", feedback: "teacher", activation }
    this.chosen = 1
    this.redraw = eachFrame(() => this.refresh())
    this.told = element("p", { class: "told", role: "status" })
    this.picture = svg("svg", { role: "group" })
    this.numbers = element("div", { class: "numbers" })
    this.note = element("p", { class: "note" })
    const folded = element("details", {}, element("summary", {}, "How it is counted"), this.note)
    const host = element("div", { class: "toy unroll-and-cut" })
    keepKeys(host)
    this.dragCut()
    this.fillWeights(1)
    layOut(
      host, [this.controls(activation), this.told, this.picture, this.numbers, folded],
      walk ? null : this.question(room), // the walk has a question of its own
    )
    parentElement.append(host)
  }

  show(data) {
    this.note.textContent = `${NOTE} On Train T is ${data.unrollings}.`
    this.redraw()
  }

  controls(activation) {
    this.copiesSlider = slider("Copies", this.copies, (copies) => this.pull(copies))
    this.cutSlider = slider("Unrollings T", this.T, (T) => this.cut(T))
    const fresh = element("button", { type: "button" }, "Other weights")
    fresh.addEventListener("click", () => {
      this.fillWeights(this.seed + 1)
      this.redraw()
    })
    const activations = [["tanh", "tanh"], ["relu", "ReLU"]]
    return element(
      "div", { class: "controls" }, this.copiesSlider.label, this.cutSlider.label,
      choice("φ", activations, activation, (value) => {
        this.network.activation = value
        this.redraw()
      }),
      fresh,
    )
  }

  // A window is never longer than what is pulled apart: either gives way to the other.
  pull(copies) {
    this.copies = copies
    this.T = Math.min(this.T, copies)
    this.redraw()
  }

  cut(T) {
    this.T = T
    this.copies = Math.max(this.copies, T)
    this.redraw()
  }

  fillWeights(seed) {
    this.seed = seed
    this.network.weights = startWeights(this.network, ALPHABET.length, NODES, seed)
  }

  refresh() {
    const { network, copies, T } = this
    this.copiesSlider.set(copies)
    this.cutSlider.set(T)
    const [inputs, targets] = [0, 1].map((by) => range(copies).map((k) => letterAt(k + by)))
    const state = carriedIn(network)
    this.windows = windowsOf(network, inputs, targets, state, T)
    // The losses do not depend on the cuts: values cross them.
    const [{ steps }] = windowsOf(network, inputs, targets, state, copies)
    this.shares = drawCopies(this.picture, {
      T,
      steps: steps.map(({ x, y, loss }) => ({ reads: ALPHABET[x], next: ALPHABET[y], loss })),
      windows: this.windows.map(({ first, shares, gradients }) => ({
        first, sizes: shares.map(sizeOf), sum: sizeOf(sumOf(shares)), total: sizeOf(gradients.W),
      })),
    })
    for (const [k, group] of this.shares) this.listen(k, group)
    this.told.textContent = this.sentence()
    this.choose(Math.min(this.chosen, this.shares.size - 1))
  }

  sentence() {
    const { copies, T } = this
    const whole = this.windows.length * T
    const way = T === 1
      ? "each copy is a window of its own, so that no gradient goes from one copy to another."
      : `in each window gradients go from copy to copy, from the last one back through all ${T}.`
    const rest = copies === whole ? "" : ` ${copies - whole === 1
      ? `Copy ${copies} begins a window` : `Copies ${whole + 1} to ${copies} begin a window`}: ` +
      "its gradient is computed when it is full."
    return `T = ${T}: ${way} Blue values cross every cut, and red gradients stop at it: the losses ` +
      `stay the same wherever the cut is, ∂W does not.${rest}`
  }

  listen(k, group) {
    group.addEventListener("focus", () => this.choose(k))
    group.addEventListener("pointerdown", () => group.focus())
    group.addEventListener("keydown", (event) => {
      const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key]
      if (!by) return
      event.preventDefault()
      this.shares.get(k + by)?.focus()
    })
  }

  // Shows the numbers of a copy's share, beside the sum of its window's and ∂W.
  choose(k) {
    this.chosen = k
    for (const [at, group] of this.shares) {
      group.classList.toggle("chosen", at === k)
      group.setAttribute("aria-pressed", at === k)
      group.tabIndex = at === k ? 0 : -1
    }
    const at = Math.floor(k / this.T)
    const { first, shares, gradients } = this.windows[at]
    const copies = shares.length === 1
      ? `copy ${first + 1}` : `copies ${first + 1} to ${first + shares.length}`
    this.numbers.replaceChildren(
      element("p", { role: "status" }, `The share of copy ${k + 1} is what came back to it, as a ` +
        "column, times the gradient that reaches it, as a row."),
      element(
        "div", { class: "matrices" },
        table(`Share of copy ${k + 1}`, shares[k - first]),
        table(`Sum of the shares of ${copies}`, sumOf(shares)),
        table(`∂W of window ${at + 1}, backward pass`, gradients.W),
      ),
    )
  }

  question(room) {
    return question({
      room,
      ask: "Predict: zero unrollings, so T = 1, and no gradient goes back to an earlier copy. " +
        "This network trains on “hello” again and again, " +
        `${LESSON.updates.toLocaleString("en-US")} updates. ` +
        "After the first l comes l, after the second o. Will it tell them apart?",
      options: [["apart", "it tells them apart"], ["alike", "it does not"]],
      answer: () => {
        const [carrying, without] = [true, false].map((carries) => (
          afterEachL(this.network, carries)
        ))
        const [first, second] = carrying
        const right = first < 0.5 && second > 0.5 ? "apart" : "alike"
        return { right, sentence: `${toldOf(carrying, without)} ${WHY[right]}` }
      },
    })
  }

  // The picture listens, not the handle, which is drawn anew while it is dragged.
  dragCut() {
    this.picture.addEventListener("pointerdown", (event) => {
      if (!event.target.closest(".handle")) return
      event.preventDefault()
      this.picture.setPointerCapture(event.pointerId)
    })
    this.picture.addEventListener("pointermove", (event) => {
      if (!this.picture.hasPointerCapture(event.pointerId)) return
      const T = copiesBefore(this.picture, event.clientX)
      if (T !== this.T) this.cut(T)
    })
  }
}

const WHY = {
  apart: "So the carried state helps: it is another after each l, and the network learned to read " +
    "it. At T = 1 no gradient tells a copy what to keep for a later loss: what the state does not " +
    "hold for another reason, it is not taught to hold.",
  alike: "The carried state can help, but from these weights the network did not learn to read in " +
    "it which l it was. At T = 1 no gradient tells a copy what to keep for a later loss.",
}

function toldOf(carrying, without) {
  const [first, second, none] = [...carrying, without[0]].map((p) => fixed(p, 2))
  return `It gives o a probability of ${first} after the first l and of ${second} after the second. ` +
    `Trained with zeros in place of what is carried, it gives ${none} after both.`
}

// The probability of o after either l of hello, once a network has had its lesson.
function afterEachL(network, carries) {
  const lesson = trained(network, WORD, { ...LESSON, carries })
  let { state } = lesson
  const steps = WORD.map((x, k) => {
    const [found] = windowsOf(lesson.network, [x], [letterAt(k + 1)], state, 1)
    if (carries) state = leftBy(network, found)
    return found.steps[0]
  })
  return [steps[2], steps[3]].map(({ p }) => p[ALPHABET.indexOf("o")])
}

// What the first copy is given: the word has been read once before.
function carriedIn(network) {
  const targets = WORD.map((_, k) => letterAt(k + 1))
  const [before] = windowsOf(network, WORD, targets, zeroState(network), WORD.length)
  return leftBy(network, before)
}

function letterAt(k) {
  return WORD[k % WORD.length]
}

function table(caption, matrix) {
  const rows = matrix.map((row) => (
    element("tr", {}, ...row.map((value) => element("td", {}, fixed(value, 3))))
  ))
  return element("table", {}, element("caption", {}, caption), element("tbody", {}, ...rows))
}

// From 1 to MOST, with its name and its value beside it.
function slider(name, start, change) {
  const input = element("input", { type: "range", min: 1, max: MOST, value: start, "aria-label": name })
  const shown = element("output", {}, String(start))
  input.addEventListener("input", () => change(Number(input.value)))
  return {
    label: element("label", {}, name, input, shown),
    set: (value) => {
      input.value = value
      shown.textContent = value
    },
  }
}

function range(count) {
  return Array.from({ length: count }, (_, i) => i)
}
