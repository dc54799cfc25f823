// Picture 4: Arch 2 with teacher forcing and without, and what a second softmax does to what is
// drawn from.

import { ceilingOfTwo, lastLossByHidden, softmaxes, windowOf, zeroState } from "./arithmetic.js"
import { layOut } from "./beside.js"
import { choice, eachFrame, element, fixed, keepKeys, range, short, svg } from "./drawing.js"
import { startWeights } from "./start_weights.js"
import { question, roomOf } from "./question.js"
import { drawShares } from "./softmax_bars.js"
import { drawSteps } from "./whose_output_steps.js"

const [ALPHABET, WORD, NODES] = ["helo", "hello", 3]
const SHARPEST = 3 // the slider's end, as a power of ten

const drawn = new WeakMap()

export default function draw(component) {
  const { data, parentElement } = component
  if (drawn.has(parentElement)) return
  drawn.set(parentElement, new WhoseOutput(data, parentElement, roomOf(component)))
}

class WhoseOutput {
  constructor(data, parentElement, room) {
    this.data = data
    this.network = {
      architecture: "arch2", combine: "concat", activation: "tanh", feedback: data.feedback,
    }
    this.after = data.symbols.indexOf("t")
    this.answered = false
    this.redrawSteps = eachFrame(() => this.showSteps())
    this.redrawShares = eachFrame(() => this.showShares())
    this.steps = svg("svg", { role: "group", class: "steps" })
    this.told = element("p", { class: "told", role: "status" })
    this.once = svg("svg", { role: "img" })
    this.twice = svg("svg", { role: "img" })
    this.shares = element("p", { class: "told", role: "status" })
    const host = element("div", { class: "toy whose-output" })
    keepKeys(host)
    const steps = [this.stepControls(), this.told, this.steps]
    // The second part and its question are not the walk's, which has one of its own.
    layOut(host, data.walk ? steps : [
      ...steps, element("h3", {}, "One softmax, and the listing’s two"), this.shareControls(),
      this.shares, element("div", { class: "side-by-side" }, this.once, this.twice),
    ], data.walk ? null : this.question(room))
    parentElement.append(host)
    this.fillWeights(1)
    if (!data.walk) this.showShares()
  }

  stepControls() {
    const fresh = element("button", { type: "button" }, "Other weights")
    fresh.addEventListener("click", () => this.fillWeights(this.seed + 1))
    const ways = [["teacher", "on"], ["free", "off"]]
    return element(
      "div", { class: "controls" },
      choice("Teacher forcing", ways, this.network.feedback, (feedback) => {
        this.network.feedback = feedback
        this.redrawSteps()
      }),
      fresh,
    )
  }

  shareControls() {
    const symbols = [...this.data.symbols].map((symbol, id) => (
      element("option", { value: id }, visible(symbol))
    ))
    const after = element("select", {}, ...symbols)
    after.value = this.after
    after.addEventListener("change", () => {
      this.after = Number(after.value)
      this.redrawShares()
    })
    this.power = range("Logits ×", -1, SHARPEST, 0, this.redrawShares, (power) => short(10 ** power))
    return element(
      "div", { class: "controls" }, element("label", {}, "What comes after", after), this.power.label,
    )
  }

  // What is asked is drawn only afterwards: the second softmax and its ceiling.
  question(room) {
    return question({
      room,
      ask: "Predict: the first softmax gives a letter 100 %. The article’s listing of Arch 2 takes " +
        "the softmax of that once more, and draws from it. What has the letter then?",
      options: [["all", "100 %, as before"], ["half", "about half"], ["little", "less than 10 %"]],
      answer: () => {
        const { once, twice } = softmaxes(this.logits(), 10 ** SHARPEST)
        const most = Math.max(...twice)
        return {
          right: most > 0.99 ? "all" : most < 0.1 ? "little" : "half",
          sentence: `With these logits × ${short(10 ** SHARPEST)} one softmax gives ` +
            `${percent(Math.max(...once))}, two give ${percent(most)}. The second one reads ` +
            "probabilities as if they were logits, and these differ by 1 at most: no letter can be " +
            `more than e times as likely as another, nor have more than ${this.ceiling().name}.`,
        }
      },
      answered: () => {
        this.answered = true
        this.power.set(SHARPEST)
      },
    })
  }

  fillWeights(seed) {
    this.seed = seed
    this.network.weights = startWeights(this.network, ALPHABET.length, NODES, seed)
    this.redrawSteps()
  }

  showSteps() {
    const ids = [...WORD].map((letter) => ALPHABET.indexOf(letter))
    const window_ = [this.network, ids.slice(0, -1), ids.slice(1), zeroState(this.network)]
    const sizes = lastLossByHidden(...window_).map((gradient) => Math.hypot(...gradient))
    const teacher = this.network.feedback === "teacher"
    drawSteps(this.steps, { word: WORD, alphabet: ALPHABET, ...windowOf(...window_), sizes, teacher })
    const told = sizes.toReversed().map(short).join(", ")
    const why = teacher
      ? "What comes back is the true letter, the very one that is read. No weight has made it, so " +
        "no gradient goes back through it: each step learns from its own letter alone."
      : "What comes back is the network’s own output p, and weights have made it: the gradient goes " +
        "back through it, from step to step."
    this.told.textContent = `Gradient of the last loss by h, its norm from the last step back: ${told}. ${why}`
  }

  showShares() {
    const { symbols, title } = this.data
    const { once, twice } = softmaxes(this.logits(), 10 ** this.power.value())
    const most = Math.max(...once)
    const ceiling = this.ceiling()
    const likeliest = visible(symbols[once.indexOf(most)])
    const both = this.answered ? ` Softmax of the softmax: ${percent(Math.max(...twice))}.` : ""
    this.shares.textContent = `Likeliest after ${visible(symbols[this.after])}: ${likeliest}. ` +
      `One softmax: ${percent(most)}.${both} The logits at × 1 are the logarithms of what follows ` +
      `in ${title}, counted in pairs: a network that knows one letter can learn no more.`
    const names = [...symbols].map(visible)
    drawShares(this.once, { title: "softmax of the logits", names, shares: once })
    drawShares(this.twice, this.answered
      ? { title: "softmax of the softmax", names, shares: twice, ceiling }
      : { title: "softmax of the softmax: after your prediction", names, shares: [] })
  }

  logits() {
    return this.data.follows[this.after].map(Math.log)
  }

  ceiling() {
    const size = this.data.symbols.length
    const share = ceilingOfTwo(size)
    return { share, name: `e/(e + ${size - 1}) = ${percent(share)}` }
  }
}

function percent(share) {
  return `${fixed(100 * share, 1)} %`
}

function visible(symbol) {
  return symbol === " " ? "␣" : symbol
}
