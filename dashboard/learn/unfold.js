// The sum behind each number of a window: what is multiplied, and what is added. Pure; knows no page.
//
// A number is named by a cell: "U.0.2" is a weight, "h.1.0" a value at step 1 (from 0), "loss.1" a
// step's loss, "loss" their mean. In a cell lives a value, and the gradient of the mean loss by it.

import { comesBack, slope } from "./arithmetic.js"

const STEP_VALUES = ["z", "h", "o", "p"]
export const MINUS = number("−1", -1) // a term that it begins is subtracted

export function valueAt({ weights }, { steps, loss }, cell) {
  const [name, ...at] = parts(cell)
  if (name === "loss") return at.length ? steps[at[0]].loss : loss
  return STEP_VALUES.includes(name) ? steps[at[0]][name][at[1]] : at.reduce(pick, weights[name])
}

export function isWeight(cell) {
  return "UWbVc".includes(cell[0])
}

// None is told of at a loss, and at an output that does not come back.
export function hasGradient(network, cell) {
  const [name] = parts(cell)
  return name !== "loss" && (name !== "p" || comesBack(network) === "p")
}

export function gradientAt(network, { steps, gradients }, cell) {
  const [name, ...at] = parts(cell)
  return STEP_VALUES.includes(name) ? steps[at[0]].d[name][at[1]] : at.reduce(pick, gradients[name])
}

// { form, terms }: a term is a list of factors { name, value, cell, kind }, which are multiplied, and
// the terms are added. A factor's kind is "value", "gradient" or "number". `form` says what is made of the sum: "sum" nothing, "φ" tanh or ReLU of it,
// "softmax" its share of the exponentials, "log" minus its logarithm.
export function unfold(network, result, cell, alphabet, backward) {
  const value = (key) => ({
    name: nameOf(network, key, alphabet), value: valueAt(network, result, key), cell: key, kind: "value",
  })
  const gradient = (key) => ({
    name: `∂${nameOf(network, key, alphabet)}`, value: gradientAt(network, result, key), cell: key,
    kind: "gradient",
  })
  const rules = backward ? gradientTerms : valueTerms
  const window = { network, ...result, value, gradient, alphabet }
  return rules(window, ...parts(cell))
}

// Units count from 1, inputs and outputs are called by their letters.
export function nameOf(network, cell, alphabet) {
  const [name, ...at] = parts(cell)
  if (name === "loss") return at.length ? `loss${below(at[0])}` : "loss"
  const W = comesBack(network) === "h" ? [] : [0]
  const letters = { o: [1], p: [1], U: [0], W, V: [1], c: [0] }[name] ?? []
  const labels = at.map((place, i) => (letters.includes(i) ? alphabet[place] : String(place + 1)))
  return STEP_VALUES.includes(name)
    ? `${name}${below(at[0])}[${labels[1]}]`
    : `${name}[${labels.join(",")}]`
}

function valueTerms(window, name, t, i) {
  const { network, steps, value, alphabet } = window
  const nodes = network.weights.U[0].length
  const every = (count, make) => Array.from({ length: count }, (_, j) => make(j))
  if (name === "z") {
    const own = value(`U.${steps[t].x}.${i % nodes}`)
    const returned = every(network.weights.W.length, (j) => [
      came(window, t, j), value(`W.${j}.${i % nodes}`),
    ])
    const bias = [value(`b.${i}`)]
    if (network.combine === "multiply") {
      return { form: "sum", terms: [...returned.map((term) => [own, ...term]), bias] }
    }
    if (network.combine === "add") return { form: "sum", terms: [[own], ...returned, bias] }
    return { form: "sum", terms: [...(i < nodes ? [[own]] : returned), bias] }
  }
  if (name === "h") return { form: "φ", terms: [[value(`z.${t}.${i}`)]] }
  if (name === "o") {
    const terms = every(steps[t].h.length, (j) => [value(`h.${t}.${j}`), value(`V.${j}.${i}`)])
    return { form: "sum", terms: [...terms, [value(`c.${i}`)]] }
  }
  if (name === "p") {
    return { form: "softmax", at: i, terms: every(alphabet.length, (k) => [value(`o.${t}.${k}`)]) }
  }
  if (name !== "loss") return { form: "sum", terms: [] }
  if (t !== undefined) return { form: "log", terms: [[value(`p.${t}.${steps[t].y}`)]] }
  const share = number("1/T", 1 / steps.length)
  return { form: "sum", terms: every(steps.length, (at) => [share, value(`loss.${at}`)]) }
}

function gradientTerms(window, name, t, i) {
  const { network, steps, value, gradient, alphabet } = window
  const kind = comesBack(network)
  const [x, nodes] = [steps.map((step) => step.x), network.weights.U[0].length]
  if (name === "o") {
    const [share, p] = [number("1/T", 1 / steps.length), value(`p.${t}.${i}`)]
    const terms = [[share, p]]
    if (steps[t].y === i) terms.push([MINUS, share])
    if (kind !== "p" || t === steps.length - 1) return { form: "sum", terms }
    terms.push([p, gradient(`p.${t}.${i}`)]) // through the softmax, from the next step
    for (let k = 0; k < alphabet.length; k += 1) {
      terms.push([MINUS, p, gradient(`p.${t}.${k}`), value(`p.${t}.${k}`)])
    }
    return { form: "sum", terms }
  }
  if (name === "h") {
    const terms = steps[t].o.map((_, k) => [gradient(`o.${t}.${k}`), value(`V.${i}.${k}`)])
    return { form: "sum", terms: kind === "h" ? [...terms, ...fromNext(window, t, i)] : terms }
  }
  if (name === "p") return { form: "sum", terms: kind === "p" ? fromNext(window, t, i) : [] }
  if (name === "z") {
    const steepness = slope(network.activation, steps[t].h[i])
    return { form: "sum", terms: [[gradient(`h.${t}.${i}`), number("φ′", steepness)]] }
  }
  const each = (make) => ({ form: "sum", terms: steps.map((_, at) => make(at)).filter(Boolean) })
  const [row, column] = [t, i]
  if (name === "U") return each((at) => x[at] === row && atInput(window, at, column, nodes))
  if (name === "W") {
    return each((at) => [came(window, at, row), ...atReturn(window, at, column)])
  }
  if (name === "b") return each((at) => [gradient(`z.${at}.${row}`)])
  if (name === "V") return each((at) => [value(`h.${at}.${row}`), gradient(`o.${at}.${column}`)])
  if (name === "c") return each((at) => [gradient(`o.${at}.${row}`)])
  return { form: "sum", terms: [] }
}

// What step t + 1 sends back to component j of what came back to it.
function fromNext(window, t, j) {
  const { network, steps, value } = window
  if (t === steps.length - 1) return []
  return network.weights.W[j].map((_, i) => [
    ...atReturn(window, t + 1, i), value(`W.${j}.${i}`),
  ])
}

// The gradient by component i of back W, as factors.
function atReturn({ network, steps, value, gradient }, t, i) {
  const nodes = network.weights.U[0].length
  if (network.combine === "concat") return [gradient(`z.${t}.${nodes + i}`)]
  if (network.combine === "add") return [gradient(`z.${t}.${i}`)]
  return [gradient(`z.${t}.${i}`), value(`U.${steps[t].x}.${i}`)]
}

// The gradient by component i of x U, as factors.
function atInput({ network, steps, gradient }, t, i) {
  const made = [gradient(`z.${t}.${i}`)]
  if (network.combine === "multiply") made.push(number("(back W)", steps[t].backW[i]))
  return made
}

// Component j of what came back to step t.
function came({ network, steps, value, alphabet }, t, j) {
  const kind = comesBack(network)
  if (kind !== "y" && t > 0) return value(`${kind}.${t - 1}.${j}`)
  const place = kind === "h" ? j + 1 : alphabet[j]
  return number(`${kind}${below(t - 1)}[${place}]`, steps[t].back[j])
}

function number(name, value) {
  return { name, value, cell: null, kind: "number" }
}

function below(t) {
  return [...String(t + 1)].map((digit) => "₀₁₂₃₄₅₆₇₈₉"[digit]).join("")
}

function parts(cell) {
  const [name, ...at] = cell.split(".")
  return [name, ...at.map(Number)]
}

function pick(values, place) {
  return values[place]
}
