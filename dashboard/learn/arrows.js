// The ways of values, in blue, and of gradients, in red and dashed. Knows no picture.

import { svg } from "./drawing.js"

// From one point to another. The first word of `kind` is "value" or "gradient"; more may follow, to
// find it by.
export function arrow([x1, y1], [x2, y2], kind) {
  return way(`M${x1} ${y1} L${x2} ${y2}`, kind)
}

// Along a path, with the same head.
export function way(d, kind) {
  const [colour] = kind.split(" ")
  return svg("path", { d, class: kind, "marker-end": `url(#head-${colour})` })
}

// What the ends of arrows refer to: once in each picture that has any.
export function heads() {
  return svg("defs", {}, ...["value", "gradient"].map((kind) => svg("marker", {
    id: `head-${kind}`, viewBox: "0 0 10 10", refX: 9, refY: 5,
    markerWidth: 5, markerHeight: 5, orient: "auto-start-reverse",
  }, svg("path", { d: "M0 0 L10 5 L0 10 z", class: `head-${kind}` }))))
}

// A point a little to the right of the way from one place to another.
export function beside([x, y], [x1, y1], [x2, y2]) {
  const length = Math.hypot(x2 - x1, y2 - y1)
  return [x + (9 * (y2 - y1)) / length, y - (9 * (x2 - x1)) / length]
}
