// Where the numbers of picture 1 stand: the weights on the left, a column for each step on the
// right, input below and output above. Knows no values and no keys.

import { comesBack } from "./arithmetic.js"
import { arrow, beside, heads } from "./arrows.js"
import { svg, words } from "./drawing.js"
import { hasGradient, isWeight } from "./unfold.js"

const [WIDE, HIGH] = [42, 22] // of a cell
const HEIGHT = 372
const [FIRST, PITCH] = [408, 122] // of the steps' columns
const LEAST_STEPS = 4 // that there is room for: a shorter word is not drawn larger
const [OUTPUTS, HIDDEN, SUMS, INPUT] = [70, 184, 276, 344] // where the rows of a column begin

// Blocks of cells: { title, x, y, rows, columns, cells }, the labels of rows and columns with them.
export function cellsOf(network, word, alphabet, backward) {
  const letters = [...alphabet]
  const units = (count) => Array.from({ length: count }, (_, i) => String(i + 1))
  const { U, W, b } = network.weights
  const mark = backward ? "∂" : ""
  const returning = comesBack(network) === "h" ? units(W.length) : letters
  const block = (title, x, y, rows, columns, name) => ({
    title, x, y, rows, columns,
    cells: rows.map((_, i) => columns.map((_, j) => `${name}.${i}.${j}`)),
  })
  const single = (title, x, y, columns, name) => ({
    title, x, y, rows: [""], columns, cells: [columns.map((_, i) => `${name}.${i}`)],
  })
  const hidden = units(b.length)
  const nodes = units(U[0].length)
  return [
    block(`${mark}U`, 24, 40, letters, nodes, "U"),
    block(`${mark}W`, 24, 180, returning, nodes, "W"),
    block(`${mark}V`, 194, 40, hidden, letters, "V"),
    single(`${mark}c`, 194, 214, letters, "c"),
    single(`${mark}b`, 24, 342, hidden, "b"),
    ...[...word.slice(1)].flatMap((_, t) => column(t, letters, hidden, nodes, mark)),
    { title: "mean loss", x: 257, y: 278, rows: [""], columns: [""], cells: [["loss"]] },
  ].filter(({ cells: [[first]] }) => !backward || hasGradient(network, first))
}

function column(t, letters, hidden, nodes, mark) {
  const x = FIRST + t * PITCH
  const upright = (name) => letters.map((_, k) => [`${name}.${t}.${k}`])
  // Under concat the half of the input stands beside the half of what comes back.
  const halves = nodes.map((_, i) => (
    hidden.length > nodes.length ? [i, i + nodes.length] : [i]
  ))
  const units = (name) => halves.map((row) => row.map((i) => `${name}.${t}.${i}`))
  const rows = halves.map((row) => row.map((i) => hidden[i]).join(","))
  const columns = halves[0].length > 1 ? ["input", "back"] : [""]
  return [
    { title: "loss", x: x + WIDE, y: 24, rows: [""], columns: [""], cells: [[`loss.${t}`]] },
    { title: `${mark}o`, x, y: OUTPUTS, rows: letters, columns: [""], cells: upright("o") },
    { title: `${mark}p`, x: x + WIDE, y: OUTPUTS, rows: null, columns: [""], cells: upright("p") },
    { title: `${mark}h`, x, y: HIDDEN, rows, columns, cells: units("h") },
    { title: `${mark}z`, x, y: SUMS, rows, columns, cells: units("z") },
  ]
}

// Puts the picture into its place, and says where each cell is: a map from cell to { group, label }.
export function drawCells(place, blocks, network, word, backward) {
  const width = FIRST + Math.max(LEAST_STEPS, word.length - 1) * PITCH
  const picture = svg("svg", {
    viewBox: `0 0 ${width} ${HEIGHT}`, role: "group",
    "aria-label": `The numbers of a network that reads ${word}`,
  })
  picture.append(heads(), ...[...word.slice(1)].flatMap((_, t) => around(network, word, t, backward)))
  const cells = new Map()
  for (const block of blocks) {
    picture.append(...labels(block))
    block.cells.forEach((row, i) => row.forEach((cell, j) => {
      const made = drawCell(block.x + j * WIDE, block.y + i * HIGH, isWeight(cell))
      cells.set(cell, made)
      picture.append(made.group)
    }))
  }
  place.replaceChildren(picture)
  return cells
}

function drawCell(x, y, slider) {
  const label = words(x + WIDE / 2, y + 16, "")
  const box = svg("rect", { x: x + 1, y: y + 1, width: WIDE - 2, height: HIGH - 2, rx: 3 })
  const role = slider
    ? { class: "cell weight", role: "slider", "aria-valuemin": -5, "aria-valuemax": 5 }
    : { class: "cell", role: "button" }
  return { group: svg("g", role, box, label), label }
}

function labels({ title, x, y, rows, columns }) {
  const middle = x + (columns.length * WIDE) / 2
  const plain = columns.every((column) => column === "")
  const made = [words(plain ? middle : x - 10, y - 6, title, "title")]
  columns.forEach((column, j) => made.push(words(x + (j + 0.5) * WIDE, y - 6, column, "small")))
  rows?.forEach((row, i) => made.push(words(x - 10, y + i * HIGH + 16, row, "small")))
  return made
}

// What stands around the numbers of a step: its letters, and the ways of values and gradients.
function around(network, word, t, backward) {
  const [x, kind] = [FIRST + t * PITCH, comesBack(network)]
  const wide = network.combine === "concat" ? 2 * WIDE : WIDE
  const made = [
    words(x + WIDE / 2 - 4, 40, `then ${word[t + 1]}`, "letter"),
    words(x + wide / 2, INPUT + 18, `reads ${word[t]}`, "letter"),
  ]
  if (t === word.length - 2 || kind === "y") return made
  const next = x + PITCH - 31 // before the labels of the next column
  const from = kind === "h" ? [x + wide + 2, HIDDEN + 33] : [x + 2 * WIDE + 2, OUTPUTS + 44]
  const to = [next, SUMS + 33]
  made.push(arrow(from, to, "value"))
  if (backward) made.push(arrow(beside(to, from, to), beside(from, from, to), "gradient"))
  return made
}
