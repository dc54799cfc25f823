// An upright scale with what is known, what was predicted and what was measured on it. Knows no step.

import { fixed, svg, words } from "./../drawing.js"

const [WIDTH, HEIGHT] = [300, 210]
const [AXIS, TOP, BOTTOM] = [86, 12, 12] // where the axis stands, and its margins
const LINE = 17 // from one name to the next

// Which value a place in the picture is, from 0 at its top to 1 at its bottom.
export function valueAt({ least, most, digits }, share) {
  const along = (share * HEIGHT - TOP) / (HEIGHT - TOP - BOTTOM)
  const value = most - Math.min(1, Math.max(0, along)) * (most - least)
  return Number(value.toFixed(digits))
}

// `marks` are { value, name, kind }; `said` is null before anything is.
export function drawScale(picture, { least, most, digits, marks, said }) {
  const y = (value) => TOP + ((most - value) / (most - least)) * (HEIGHT - TOP - BOTTOM)
  const inside = marks.filter(({ value }) => value >= least && value <= most)
  const measured = inside.filter(({ kind }) => kind === "measured")
  const told = inside.filter(({ name }) => name).map(({ name, value }) => `${name}: ${fixed(value, digits)}`)
  if (said !== null) told.push(`you: ${fixed(said, digits)}`)
  picture.setAttribute("viewBox", `0 0 ${WIDTH} ${HEIGHT}`)
  picture.setAttribute("preserveAspectRatio", "xMinYMid")
  picture.setAttribute("aria-label", `A scale from ${least} to ${most}: ${told.join(", ")}`)
  picture.replaceChildren(
    svg("line", { x1: AXIS, x2: AXIS, y1: TOP, y2: HEIGHT - BOTTOM, class: "axis" }),
    ...[least, most].map((end) => words(AXIS - 10, y(end) + 5, fixed(end, digits), "end")),
    ...inside.map(({ value, kind }) => (kind === "measured"
      ? svg("circle", { cx: AXIS, cy: y(value), r: 6, class: kind })
      : svg("line", { x1: AXIS - 5, x2: AXIS + 5, y1: y(value), y2: y(value), class: kind }))),
    ...apart(inside.filter(({ name }) => name), y).map(({ mark, at }) => words(
      AXIS + 14, at + 5, `${mark.name}: ${fixed(mark.value, digits)}`, `name ${mark.kind}`,
    )),
  )
  if (said !== null) picture.append(...drawSaid(said, y(said), digits, measured.length > 0))
}

// Their names, each at least a line below the one above it, and inside the picture.
function apart(marks, y) {
  const places = marks.toSorted((a, b) => b.value - a.value).map((mark) => ({ mark, at: y(mark.value) }))
  places.forEach((place, i) => {
    if (i) place.at = Math.max(place.at, places[i - 1].at + LINE)
  })
  places.toReversed().forEach((place, i, upwards) => {
    const most = i ? upwards[i - 1].at - LINE : HEIGHT - BOTTOM
    place.at = Math.min(place.at, most)
  })
  return places
}

function drawSaid(said, y, digits, committed) {
  return [
    svg("path", { d: `M${AXIS - 6} ${y} l-10 -6 v12 z`, class: "said" }),
    words(AXIS - 20, y + 5, committed ? `you: ${fixed(said, digits)}` : fixed(said, digits), "said end"),
  ]
}
