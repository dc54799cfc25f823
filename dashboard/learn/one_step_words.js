// Picture 1 in words: the sum behind a number, as one writes it, and the network's equation. Knows no
// page.

import { comesBack } from "./arithmetic.js"
import { fixed } from "./drawing.js"
import { MINUS, gradientAt, isWeight, nameOf, unfold, valueAt } from "./unfold.js"

const HINT = "Choose a number: it unfolds into the sum behind it. Weights are dragged left and " +
  "right, or changed with ↑ and ↓."

// "z₁[1] = U[h,1] + b[1]", and the same in numbers on a second line; "?" for those that are hidden.
export function sumInWords(network, result, cell, alphabet, backward, hidden = []) {
  const name = nameOf(network, cell, alphabet)
  const weight = isWeight(cell)
    ? `${name} = ${fixed(valueAt(network, result, cell), 2)}, a weight.` : ""
  if (!backward && weight) return `${weight} ${HINT}`
  const value = (backward ? gradientAt : valueAt)(network, result, cell)
  const whole = backward ? `∂${name}` : name
  const sum = unfold(network, result, cell, alphabet, backward)
  if (!sum.terms.length) return `${whole} = 0: nothing depends on it. ${HINT}`
  const inNames = formed(network, sum, (factor) => factor.name)
  const inNumbers = formed(network, sum, (factor) => (
    hidden.includes(factor.cell) ? "?" : inBrackets(factor.value)
  ))
  const told = hidden.includes(cell) ? "?" : fixed(value, 3)
  return `${whole} = ${inNames}\n= ${inNumbers} = ${told}${weight && `. ${weight}`}`
}

// In the letters of the picture, t for this step and t−1 for the one before.
export function equationOf(network) {
  const back = { h: "hₜ₋₁", y: "yₜ₋₁", p: "pₜ₋₁" }[comesBack(network)]
  const inside = {
    concat: `[xₜ U ; ${back} W]`, add: `xₜ U + ${back} W`, multiply: `(xₜ U) ∘ (${back} W)`,
  }[network.combine]
  const name = network.activation === "tanh" ? "tanh" : "ReLU"
  return `zₜ = ${inside} + b,  hₜ = ${name}(zₜ),  oₜ = hₜ V + c,  pₜ = softmax(oₜ),  ` +
    "loss = −ln pₜ of the letter that comes. xₜ U is the row of U of the letter that is read."
}

function formed({ activation }, { form, at, terms }, write) {
  const products = terms.map((term) => {
    const factors = term.filter((factor) => factor !== MINUS)
    return factors.map(write).join(" · ")
  })
  if (form === "softmax") return `exp(${products[at]}) / Σ exp(${products.join(", ")})`
  if (form === "log") return `−ln(${products[0]})`
  if (form === "φ") return activation === "tanh" ? `tanh(${products[0]})` : `max(0, ${products[0]})`
  return products.reduce((sum, product, i) => `${sum} ${terms[i][0] === MINUS ? "−" : "+"} ${product}`)
}

function inBrackets(value) {
  const text = fixed(value, 3)
  return text.startsWith("−") ? `(${text})` : text
}
