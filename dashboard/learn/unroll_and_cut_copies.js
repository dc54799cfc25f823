// The copies of picture 2 side by side, the cuts between windows, and the size of each copy's share
// below. Knows no arithmetic but places, and no keys.

import { arrow, heads, way } from "./arrows.js"
import { fixed, svg, words } from "./drawing.js"

export const MOST = 8 // copies that fit
const [WIDTH, HEIGHT] = [1000, 424]
const [LEFT, PITCH] = [138, 104] // where the first copy's place begins, and how wide each is
const [WIDE, TOP, BOTTOM] = [54, 112, 164] // of a copy's box
const [LANE, BACK_LANE] = [128, 150] // of values from copy to copy, and of gradients
const [HANDLE, BASE, TALLEST] = [236, 336, 62] // under a cut; under the bars, and the tallest of them
const ROWS = [
  [52, "next letter"], [72, "loss, in nats"], [143, "hidden layer"], [212, "reads"],
  [BASE - 22, "share of ∂W,"], [BASE - 4, "its size"], [BASE + 44, "size of the sum"],
  [BASE + 70, "size of ∂W"],
]

// `steps` are { reads, next, loss }, one a copy; `windows` the whole ones: { first, sizes, sum,
// total }. Puts the copies into the picture and returns the bars that can be chosen, by copy.
export function drawCopies(picture, { steps, windows, T }) {
  const most = Math.max(...windows.flatMap(({ sizes }) => sizes), Number.MIN_VALUE)
  const shares = new Map()
  for (const { first, sizes } of windows) {
    sizes.forEach((size, i) => shares.set(first + i, drawShare(first + i, size, size / most)))
  }
  const waiting = steps.map((_, k) => k).filter((k) => !shares.has(k))
  picture.setAttribute("viewBox", `0 0 ${WIDTH} ${HEIGHT}`)
  picture.setAttribute("aria-label", `${steps.length} copies of the network, cut after every ${T}`)
  picture.replaceChildren(
    heads(), ...ROWS.map(([y, name]) => words(4, y, name, "row")),
    ...steps.flatMap((step, k) => copy(k, step, shares.has(k))),
    ...steps.flatMap((_, k) => between(k, steps.length, T, shares.has(k))),
    ...windows.flatMap((window, i) => bracket(window, i)),
    ...waiting.map((k) => words(middle(k), BASE - 4, "not yet", "small")),
    ...cuts(steps.length, T), ...shares.values(),
  )
  return shares
}

// How many whole copies lie before a place of the screen, as a cut would be dragged there.
export function copiesBefore(picture, clientX) {
  const { a: scale, e: left } = picture.getScreenCTM()
  const x = (clientX - left) / scale
  return Math.min(MOST, Math.max(1, Math.round((x - LEFT) / PITCH)))
}

function copy(k, { reads, next, loss }, trains) {
  const x = middle(k)
  const made = [
    words(x, 52, next, "letter"), words(x, 72, fixed(loss, 2), "loss"),
    svg("rect", { x: x - WIDE / 2, y: TOP, width: WIDE, height: BOTTOM - TOP, rx: 6, class: "copy" }),
    words(x, 143, `copy ${k + 1}`), words(x, 212, reads, "letter"),
    arrow([x, 196], [x, BOTTOM + 2], "value"),
    arrow([x - 8, TOP - 2], [x - 8, 80], "value"),
  ]
  if (trains) made.push(arrow([x + 8, 80], [x + 8, TOP - 2], "gradient"))
  return made
}

// What goes to copy k from the one before it, and back: nothing goes back over a cut.
function between(k, copies, T, trains) {
  const [from, to] = [middle(k) - PITCH + WIDE / 2 + 2, middle(k) - WIDE / 2 - 2]
  const made = [copies === 1 ? loop(k) : arrow([from, LANE], [to, LANE], "value between")]
  const first = k % T === 0
  if (trains && first) made.push(arrow([to, BACK_LANE], [edge(k) + 3, BACK_LANE], "gradient"))
  if (trains && !first) made.push(arrow([to, BACK_LANE], [from, BACK_LANE], "gradient between"))
  const leaves = copies > 1 && k === copies - 1
  if (leaves) made.push(arrow([from + PITCH, LANE], [to + PITCH, LANE], "value between"))
  return made
}

// One copy alone is the loop itself: what it leaves comes back to it, over the cut.
function loop(k) {
  const [right, left, low] = [middle(k) + WIDE / 2 + 2, middle(k) - WIDE / 2 - 2, BOTTOM + 18]
  return way(
    `M${right} ${LANE} h14 q20 0 20 20 v${low - LANE - 40} q0 20 -20 20 H${left - 14} ` +
      `q-20 0 -20 -20 V${LANE + 20} q0 -20 20 -20 h12`, "value loop",
  )
}

function bracket({ first, sizes, sum, total }, i) {
  const [from, to] = [edge(first), edge(first + sizes.length)]
  const x = (from + to) / 2
  const d = `M${from + 6} ${BASE + 22} v6 H${to - 6} v-6`
  return [
    words(x, 20, `window ${i + 1}`, "title"), svg("path", { d, class: "bracket" }),
    words(x, BASE + 44, fixed(sum, 3)), words(x, BASE + 70, fixed(total, 3)),
  ]
}

function cuts(copies, T) {
  const places = Array.from({ length: Math.floor(copies / T) + 1 }, (_, i) => i * T)
  const lines = places.map((k) => svg("line", {
    x1: edge(k), x2: edge(k), y1: 30, y2: HANDLE - 12, class: "cut",
  }))
  return [...lines, handle(T)]
}

// The first cut of the picture's own is the one that is dragged; keys move it with the slider T.
function handle(T) {
  const x = edge(T)
  return svg(
    "g", { class: "handle", "aria-hidden": "true" },
    svg("rect", { x: x - 14, y: 30, width: 28, height: HANDLE - 30, class: "grip" }),
    svg("rect", { x: x - 36, y: HANDLE - 12, width: 72, height: 24, rx: 12, class: "pill" }),
    words(x, HANDLE + 5, `↔ T = ${T}`),
  )
}

function drawShare(k, size, part) {
  const x = middle(k)
  const tall = part * TALLEST
  const name = `share of copy ${k + 1}: size ${fixed(size, 3)}`
  const ground = { y: BASE - TALLEST - 12, height: TALLEST + 32 }
  return svg(
    "g", { class: "share", role: "button", "aria-label": name },
    svg("rect", { ...ground, x: x - 40, width: 80, rx: 4, class: "ground" }),
    svg("rect", { x: x - 20, y: BASE - tall, width: 40, height: tall, class: "bar" }),
    words(x, BASE + 15, fixed(size, 3)),
  )
}

function middle(k) {
  return edge(k) + PITCH / 2
}

function edge(k) {
  return LEFT + k * PITCH
}
