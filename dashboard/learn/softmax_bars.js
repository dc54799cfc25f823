// A distribution over characters as bars, on a scale from 0 to 100 %. Knows no network.

import { fixed, svg, words } from "./drawing.js"

const [WIDTH, HEIGHT] = [560, 250]
const [LEFT, RIGHT, TOP, BOTTOM] = [62, 8, 44, 26]

// `shares` may be empty: then there are only the axes. A `ceiling` is { share, name }.
export function drawShares(picture, { title, names, shares, ceiling }) {
  const pitch = (WIDTH - LEFT - RIGHT) / names.length
  const x = (id) => LEFT + (id + 0.5) * pitch
  const most = shares.indexOf(Math.max(...shares))
  const told = shares.length ? `${names[most]} ${fixed(100 * shares[most], 1)} %` : ""
  picture.setAttribute("viewBox", `0 0 ${WIDTH} ${HEIGHT}`)
  picture.setAttribute("aria-label", `${title}, as bars${told && `; the likeliest is ${told}`}` +
    `${ceiling ? `; ceiling ${ceiling.name}` : ""}`)
  picture.replaceChildren(
    words(LEFT, 18, title, "title"), ...axes(),
    ...names.map((name, id) => words(x(id), HEIGHT - 8, name, id === most ? "name most" : "name")),
    ...shares.map((share, id) => bar(x(id), pitch, share, id === most)),
    ...(ceiling ? drawCeiling(ceiling) : []),
  )
  // Above the ceiling's name, where the bars stay below it.
  if (told && !ceiling) picture.append(words(inside(x(most)), height(shares[most]) - 6, told, "told"))
}

function bar(x, pitch, share, most) {
  return svg("rect", {
    x: x - 0.38 * pitch, width: 0.76 * pitch, y: height(share), height: HEIGHT - BOTTOM - height(share),
    class: most ? "bar most" : "bar",
  })
}

function drawCeiling({ share, name }) {
  const y = height(share)
  return [
    svg("line", { x1: LEFT, x2: WIDTH - RIGHT, y1: y, y2: y, class: "ceiling" }),
    words(WIDTH - RIGHT, y - 8, `ceiling ${name}`, "ceiling-name"),
  ]
}

function axes() {
  return [0, 0.25, 0.5, 0.75, 1].flatMap((share) => [
    svg("line", { x1: LEFT, x2: WIDTH - RIGHT, y1: height(share), y2: height(share), class: "grid" }),
    words(LEFT - 8, height(share) + 5, `${100 * share} %`, "tick"),
  ])
}

function height(share) {
  return HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM)
}

// A middle for words at x that keeps them in the picture.
function inside(x) {
  return Math.min(WIDTH - 40, Math.max(LEFT + 40, x))
}
