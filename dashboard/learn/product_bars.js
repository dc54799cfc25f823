// Bars by lag on a logarithmic scale, with points over them and a line at 1 % of lag 0. Knows no
// slopes and no runs.

import { powerOfTen, svg, words } from "./drawing.js"

const [WIDTH, HEIGHT] = [820, 340]
const [LEFT, RIGHT, TOP, BOTTOM] = [58, 10, 26, 52]
const [LEAST, MOST] = [-8, 6] // powers of ten; what is beyond stands at the edge
const SHARE = 0.01 // of the gradient at lag 0, which the horizon still has

// `flow` and `probe` are 1 at lag 0, and `probe` is null where it was too large to measure; `factor`
// is what all of it is multiplied by.
export function drawBars(picture, { flow, probe, factor, horizon, colour, probeColour }) {
  const pitch = (WIDTH - LEFT - RIGHT) / flow.length
  const x = (lag) => LEFT + (lag + 0.5) * pitch
  picture.setAttribute("viewBox", `0 0 ${WIDTH} ${HEIGHT}`)
  picture.setAttribute("aria-label", "Gradient by lag, as bars on a logarithmic scale" +
    (probe.length ? "; a real run's as points" : ""))
  const bars = flow.map((value, lag) => bar(x(lag), pitch, factor * value, {
    style: `fill: ${colour}`, class: lag > horizon ? "beyond" : "within",
  }))
  const points = probe.flatMap((value, lag) => (
    value === null ? [] : [point(x(lag), factor * value, probeColour)]
  ))
  picture.replaceChildren(
    ...axes(flow.length, x), ...bars.filter(Boolean), ...points, ...threshold(factor),
    words(Math.min(x(horizon), WIDTH - 40), TOP - 8, "horizon", "name"),
    svg("line", {
      x1: x(horizon) + pitch / 2, x2: x(horizon) + pitch / 2, y1: TOP, y2: HEIGHT - BOTTOM,
      class: "horizon",
    }),
  )
}

function bar(x, pitch, value, look) {
  if (!(value > 0)) return null // nothing arrives
  const top = height(value)
  return svg("rect", {
    x: x - 0.38 * pitch, width: 0.76 * pitch, y: top, height: HEIGHT - BOTTOM - top, ...look,
  })
}

// A point that lies beyond the scale is hollow.
function point(x, value, colour) {
  const inside = value >= 10 ** LEAST && value <= 10 ** MOST
  return svg("circle", {
    cx: x, cy: height(value), r: 5.5, class: inside ? "point" : "point hollow",
    style: `--colour: ${colour}`,
  })
}

function threshold(factor) {
  const y = height(SHARE * factor)
  return [
    svg("line", { x1: LEFT, x2: WIDTH - RIGHT, y1: y, y2: y, class: "threshold" }),
    words(WIDTH - RIGHT - 4, y - 6, "1 % of lag 0", "threshold-name"),
  ]
}

function axes(count, x) {
  const made = []
  for (let power = LEAST; power <= MOST; power += 2) {
    const y = height(10 ** power)
    made.push(
      svg("line", { x1: LEFT, x2: WIDTH - RIGHT, y1: y, y2: y, class: "grid" }),
      words(LEFT - 8, y + 5, powerOfTen(power), "tick"),
    )
  }
  for (let lag = 0; lag < count; lag += 5) made.push(words(x(lag), HEIGHT - 30, `${lag}`))
  made.push(words(WIDTH / 2, HEIGHT - 5, "lag, characters back"))
  return made
}

function height(value) {
  const power = value > 0 ? Math.log10(value) : LEAST
  const share = (Math.min(MOST, Math.max(LEAST, power)) - LEAST) / (MOST - LEAST)
  return HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM)
}
