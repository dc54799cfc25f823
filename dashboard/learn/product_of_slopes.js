// Picture 3: |w φ'| multiplied by itself, lag by lag, on a logarithmic scale, and a real run's probe
// over it as points. Rescaling moves all of it, and the ratio of near to far stays.

import { activate, horizonOf, slope, slopeProducts } from "./arithmetic.js"
import { layOut } from "./beside.js"
import { choice, eachFrame, element, fixed, keepKeys, range, short, svg, words } from "./drawing.js"
import { drawBars } from "./product_bars.js"
import { question, roomOf } from "./question.js"

const RESCALED = 1000
const [FROM, TO] = [-3, 3] // of z, along the curve of φ
const [SIDE, EDGE] = [250, 14] // of the curve's picture, in its own units
const NAMES = { tanh: "tanh", relu: "ReLU" }

const drawn = new WeakMap()

export default function draw(component) {
  const { data, parentElement } = component
  if (!drawn.has(parentElement)) {
    drawn.set(parentElement, new ProductOfSlopes(data, parentElement, roomOf(component)))
  }
  drawn.get(parentElement).show(data)
}

class ProductOfSlopes {
  constructor({ activation, walk }, parentElement, room) {
    this.activation = activation
    this.factor = 1
    this.redraw = eachFrame(() => this.refresh())
    this.curve = svg("svg", { viewBox: `0 0 ${SIDE} ${SIDE}`, role: "img", class: "curve" })
    this.bars = svg("svg", { role: "img", class: "bars" })
    this.told = element("p", { class: "told", role: "status" })
    this.run = element("p", { class: "run" })
    this.w = range("w", 0, 2, 0.9, this.redraw)
    this.z = range("z, where φ works", FROM, TO, 0.5, this.redraw)
    const host = element("div", { class: "toy product-of-slopes" })
    keepKeys(host)
    this.dragCurve()
    const activations = Object.entries(NAMES)
    const controls = element(
      "div", { class: "controls" },
      choice("φ", activations, activation, (value) => {
        this.activation = value
        this.redraw()
      }),
      this.w.label, this.z.label,
    )
    const pictures = element("div", { class: "side-by-side" }, this.curve, this.bars)
    // The walk has a question of its own.
    layOut(host, [controls, this.told, pictures, this.run], walk ? null : this.question(room))
    parentElement.append(host)
  }

  show(data) {
    this.data = data
    const { probe } = data
    const about = probe
      ? ` The gradient measured in ${probe.name} at step ${probe.step.toLocaleString("en-US")}: ` +
        `horizon ${lagOf(probe.horizon, probe.lags)}.${decayOf(probe)} ` +
        "There W is a matrix and φ′ is another at every place, so the points need not lie on a " +
        "line. Hollow ones lie beyond the scale."
      : this.data.none
    const dot = element("span", { style: `color: ${data.probe_colour}` }, probe ? "●" : "")
    this.run.replaceChildren(dot, about)
    this.refresh()
  }

  refresh() {
    const [w, z] = [this.w.value(), this.z.value()]
    const steepness = slope(this.activation, activate(this.activation, z))
    const flow = slopeProducts(this.activation, w, z, this.data.lags)
    this.told.textContent = this.sentence(w, steepness, flow)
    drawCurve(this.curve, this.activation, z, this.data.colours[this.activation])
    drawBars(this.bars, {
      flow, probe: this.data.probe?.flow ?? [], factor: this.factor, horizon: horizonOf(flow),
      colour: this.data.colours[this.activation], probeColour: this.data.probe_colour,
    })
  }

  sentence(w, steepness, flow) {
    const far = flow.length - 1
    const product = `|w φ′| = ${fixed(w, 2)} · ${fixed(steepness, 2)} = ${fixed(flow[1], 3)}.`
    const sizes = [1, far].map((k) => short(this.factor * flow[k]))
    const ratio = flow[far] > 0
      ? `the ratio of far to near is ${short(flow[far] / flow[1])}` : "nothing arrives there"
    return `${product} Horizon: ${lagOf(horizonOf(flow), far)}, the last that 1 % reaches. At lag 1 ` +
      `the gradient is ${sizes[0]}, at lag ${far} it is ${sizes[1]}: ${ratio}.`
  }

  // What is asked can be tried only afterwards: the switch comes with the answer.
  question(room) {
    const place = element("div", { class: "rescaling" })
    const asked = question({
      room,
      ask: `Predict: every gradient is multiplied by ${RESCALED.toLocaleString("en-US")}. Where does the horizon go?`,
      options: [["further", "further back"], ["same", "it stays"], ["nearer", "nearer"]],
      answer: () => {
        const flow = slopeProducts(this.activation, this.w.value(), this.z.value(), this.data.lags)
        const [before, after] = [flow, flow.map((value) => RESCALED * value)].map(horizonOf)
        const right = after === before ? "same" : after > before ? "further" : "nearer"
        return {
          right,
          sentence: `Horizon before: ${lagOf(before, flow.length - 1)}; after: ` +
            `${lagOf(after, flow.length - 1)}. Rescaling restores the size, never the ratio of near ` +
            "to far, and clipping is such a factor, too: one number for the whole gradient. " +
            "So neither of them cures vanishing.",
        }
      },
      answered: () => {
        const label = `× ${RESCALED.toLocaleString("en-US")}`
        place.append(choice("Gradients", [["1", "as they are"], ["more", label]], "more", (value) => {
          this.factor = value === "more" ? RESCALED : 1
          this.redraw()
        }))
        this.factor = RESCALED
        this.redraw()
      },
    })
    asked.append(place)
    return asked
  }

  // A pointer on the curve moves z; keys move it with the slider of that name.
  dragCurve() {
    const move = (event) => {
      const box = this.curve.getBoundingClientRect()
      const along = ((event.clientX - box.left) / box.width) * SIDE
      this.z.set(FROM + ((along - EDGE) / (SIDE - 2 * EDGE)) * (TO - FROM))
    }
    this.curve.addEventListener("pointerdown", (event) => {
      this.curve.setPointerCapture(event.pointerId)
      move(event)
    })
    this.curve.addEventListener("pointermove", (event) => {
      if (this.curve.hasPointerCapture(event.pointerId)) move(event)
    })
  }
}

// φ, the point where it works, and its tangent there.
function drawCurve(picture, activation, z, colour) {
  const scale = (SIDE - 2 * EDGE) / (TO - FROM)
  const x = (value) => EDGE + (value - FROM) * scale
  const y = (value) => SIDE / 2 - value * scale
  const h = activate(activation, z)
  const steepness = slope(activation, h)
  const steps = Array.from({ length: 121 }, (_, i) => FROM + (i * (TO - FROM)) / 120)
  const curve = steps.map((at) => `${x(at)},${y(activate(activation, at))}`).join(" ")
  const tangent = {
    x1: x(z - 1), y1: y(h - steepness), x2: x(z + 1), y2: y(h + steepness), class: "tangent",
  }
  const name = NAMES[activation]
  picture.setAttribute(
    "aria-label", `${name} at z = ${fixed(z, 2)}: its slope φ′ is ${fixed(steepness, 2)}`,
  )
  picture.replaceChildren(
    svg("line", { x1: x(FROM), y1: y(0), x2: x(TO), y2: y(0), class: "axis" }),
    svg("line", { x1: x(0), y1: y(FROM), x2: x(0), y2: y(TO), class: "axis" }),
    svg("polyline", { points: curve, style: `stroke: ${colour}`, class: "function" }),
    svg("line", tangent),
    svg("circle", { cx: x(z), cy: y(h), r: 8, style: `fill: ${colour}` }),
    words(x(FROM) + 4, y(TO) + 16, `${name}, slope φ′ = ${fixed(steepness, 2)}`, "name"),
  )
}

// The run's own counterpart of |w φ'|.
function decayOf({ decay }) {
  return decay === null ? "" : ` A line fitted to it goes to ${fixed(decay, 3)} times itself a step, ` +
    "as the bars go to |w φ′| times themselves."
}

function lagOf(horizon, lags) {
  return horizon === lags ? `lag ${lags} or further` : `lag ${horizon}`
}
