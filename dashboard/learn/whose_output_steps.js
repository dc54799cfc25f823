// Arch 2 over the steps of a word: what each reads, what comes back to it, and the ways of values
// and gradients between them. Knows no weights and no buttons.

import { arrow, beside, heads } from "./arrows.js"
import { short, svg, words } from "./drawing.js"

const [FIRST, PITCH, WIDE] = [118, 232, 116] // of the steps' columns
const HEIGHT = 290
const TILE = { width: 52, height: 40 }
const [TARGET, OUTPUT, HIDDEN, INPUTS] = [8, 58, 146, 212] // where the rows begin
const OUTPUT_HIGH = 58
const HIDDEN_HIGH = 34

// `steps` are those of `arithmetic.js`. `sizes` is, step by step, how large a gradient reaches h
// from the last step's loss; all of it comes from the step after, but in the last step.
export function drawSteps(picture, { word, alphabet, steps, sizes, teacher }) {
  const last = steps.length - 1
  const columns = steps.map((step, t) => column({ step, t, word, alphabet, teacher }))
  const ways = steps.slice(1).flatMap((_, t) => between(t, sizes[t], teacher))
  picture.setAttribute("viewBox", `0 0 ${FIRST + last * PITCH + WIDE + 14} ${HEIGHT}`)
  picture.setAttribute("aria-label", teacher
    ? `Arch 2 reads ${word} with teacher forcing: the true letter comes back, no gradient arrow`
    : `Arch 2 reads ${word}: its own output comes back, and a gradient goes from step to step`)
  picture.replaceChildren(heads(), ...rowNames(), ...columns.flat(), ...ways)
}

function rowNames() {
  return [
    ["true next letter y", TARGET + 25], ["own output p", OUTPUT + 34],
    ["hidden layer h", HIDDEN + 22], ["comes back, reads", INPUTS + 25],
  ].map(([name, y]) => words(0, y, name, "row"))
}

function column({ step, t, word, alphabet, teacher }) {
  const x = FIRST + t * PITCH
  const middle = x + WIDE / 2
  const [read, target] = [word[t], word[t + 1]]
  const inputs = [x, x + WIDE - TILE.width]
  const centres = inputs.map((left) => left + TILE.width / 2)
  const made = [
    tile(x + WIDE - TILE.width, TARGET, target, `true next letter of step ${t + 1}: ${target}`),
    box(x, OUTPUT, WIDE, OUTPUT_HIGH, "box"),
    ...bars(x + 6, OUTPUT, WIDE - 12, OUTPUT_HIGH, step.p, alphabet),
    box(x, HIDDEN, WIDE, HIDDEN_HIGH, "box"),
    words(middle, HIDDEN + 22, `h${below(t + 1)}`),
    tile(inputs[1], INPUTS, read, `step ${t + 1} reads ${read}`),
    arrow([middle, HIDDEN - 2], [middle, OUTPUT + OUTPUT_HIGH + 3], "value"),
    ...centres.map((at) => arrow([at, INPUTS - 4], [at, HIDDEN + HIDDEN_HIGH + 3], "value")),
  ]
  if (teacher) {
    made.push(
      tile(inputs[0], INPUTS, read, `what comes back to step ${t + 1}: the true letter ${read}`),
      box(x - 7, INPUTS - 8, WIDE + 14, TILE.height + 16, "same"),
      words(middle, HEIGHT - 8, `y${below(t)} = x${below(t + 1)} = ${read}`, "caption same-name"),
    )
  } else {
    made.push(
      box(inputs[0], INPUTS, TILE.width, TILE.height, "box"),
      ...bars(inputs[0] + 4, INPUTS, TILE.width - 8, TILE.height, step.back, null),
      words(centres[0], HEIGHT - 20, t === 0 ? "p₀ = 0" : `p${below(t)}`, "caption"),
      words(centres[1], HEIGHT - 20, `x${below(t + 1)}`, "caption"),
    )
  }
  return made
}

// From step t to the next, and back: what comes back, and the gradient that goes through it.
function between(t, size, teacher) {
  const x = FIRST + t * PITCH
  const to = [x + PITCH - 9, INPUTS + TILE.height / 2]
  const from = [x + WIDE + 2, teacher ? TARGET + TILE.height / 2 : OUTPUT + OUTPUT_HIGH / 2]
  const value = arrow(from, to, "value")
  if (teacher) return [value]
  return [
    value,
    arrow(beside(to, from, to), beside(from, from, to), "gradient"),
    words(x + PITCH - 8, HIDDEN - 12, short(size), "size"),
  ]
}

// A letter, as what it is told to be.
function tile(x, y, letter, label) {
  const { width, height } = TILE
  return svg(
    "g", { class: "tile", role: "img", "aria-label": label }, box(x, y, width, height, "letter-box"),
    words(x + width / 2, y + height / 2 + 7, letter, "letter"),
  )
}

// A distribution in a box of that size; letters below its bars where there is an alphabet.
function bars(x, y, width, height, shares, alphabet) {
  const pitch = width / shares.length
  const foot = alphabet ? 17 : 4
  const scale = height - foot - 5
  return shares.flatMap((share, k) => {
    const middle = x + (k + 0.5) * pitch
    const bar = svg("rect", {
      x: middle - 0.36 * pitch, width: 0.72 * pitch, y: y + height - foot - scale * share,
      height: scale * share, class: "bar",
    })
    return alphabet ? [bar, words(middle, y + height - 4, alphabet[k], "small")] : [bar]
  })
}

function box(x, y, width, height, kind) {
  return svg("rect", { x, y, width, height, rx: 5, class: kind })
}

function below(number) {
  return "₀₁₂₃₄₅₆₇₈₉"[number]
}
