// Draws a network unrolled over three steps as SVG. Knows nothing of training: what to draw and
// what to write on it comes from network_picture.py.

const WIDTH = 900
const STEPS = 3
const [TOP, MIDDLE, BOTTOM] = [48, 138, 228] // of the boxes' middles
const [BOX_WIDE, BOX_HIGH] = [92, 38]
const columns = [180, 450, 720]

export default function draw({ data, parentElement }) {
  const host = parentElement.querySelector(".network-picture") ?? parentElement.appendChild(
    Object.assign(document.createElement("figure"), { className: "network-picture" }),
  )
  host.style.height = `${data.height}px`
  const caption = Object.assign(document.createElement("figcaption"), { textContent: data.caption })
  host.replaceChildren(picture(data), caption)
}

function picture(data) {
  const svg = node("svg", { viewBox: `0 0 ${WIDTH} 270`, role: "img" })
  svg.setAttribute("aria-label", `${data.equation}. ${data.caption}`)
  svg.append(heads(), text(WIDTH / 2, 16, data.equation, "equation"))
  for (let step = 0; step < STEPS; step += 1) column(svg, data, step)
  return svg
}

// One step: what is read below, the hidden layer, what is predicted above.
function column(svg, data, step) {
  const x = columns[step]
  const at = ["t − 1", "t", "t + 1"][step]
  const named = step === 1 // the other two are its copies
  arrow(svg, [x, BOTTOM - BOX_HIGH / 2], [x, MIDDLE + BOX_HIGH / 2], "value")
  arrow(svg, [x, MIDDLE - BOX_HIGH / 2], [x, TOP + BOX_HIGH / 2], "value")
  box(svg, x, BOTTOM, `x at ${at}`, `${data.sizes.x}`, "input")
  box(svg, x, MIDDLE, `h at ${at}`, `${data.sizes.h}`, "hidden")
  box(svg, x, TOP, `p at ${at}`, `${data.sizes.p}`, "output")
  if (named) {
    svg.append(text(x + 10, (BOTTOM + MIDDLE) / 2 + 4, data.weights.U, "weight"))
    svg.append(text(x + 10, (TOP + MIDDLE) / 2 + 4, data.weights.V, "weight"))
  }
  const next = columns[step + 1] ?? WIDTH - 30
  back(svg, data, x, next, step + 1 < STEPS)
  if (step === 0) back(svg, data, 30, x, true)
}

// From one step into the next: the hidden layer, the true output or the network's own.
function back(svg, data, from, to, arrives) {
  const end = arrives ? to - BOX_WIDE / 2 : to
  const start = from < 60 ? from : from + BOX_WIDE / 2
  const middle = (start + end) / 2
  if (data.comes_back === "h") {
    arrow(svg, [start, MIDDLE - 6], [end, MIDDLE - 6], "value")
    arrow(svg, [end, MIDDLE + 8], [start, MIDDLE + 8], "gradient")
    if (arrives && from > 60) svg.append(text(middle, MIDDLE - 14, data.weights.W, "weight centred"))
    return
  }
  const own = data.comes_back === "p"
  const lift = own ? TOP : MIDDLE
  if (own) {
    path(svg, `M${start} ${TOP} C${middle + 10} ${TOP} ${middle - 10} ${MIDDLE - 6} ${end} ${MIDDLE - 6}`, "value")
    path(svg, `M${end} ${MIDDLE + 8} C${middle + 6} ${MIDDLE + 8} ${middle + 14} ${TOP + 12} ${start} ${TOP + 12}`, "gradient")
  } else if (arrives) { // the true output, given from outside
    arrow(svg, [end - 46, lift], [end, lift], "value")
    box(svg, end - 78, lift, "y before", `${data.sizes.p}`, "given", 64)
  }
  if (arrives && from > 60) {
    const place = own ? [middle, TOP - 10] : [end - 78, lift - 26]
    svg.append(text(...place, data.weights.W, "weight centred"))
  }
}

function box(svg, x, y, name, size, kind, width = BOX_WIDE) {
  svg.append(
    node("rect", {
      x: x - width / 2, y: y - BOX_HIGH / 2, width, height: BOX_HIGH, rx: 5, class: kind,
    }),
    text(x, y - 2, name, "name"),
    text(x, y + 13, size, "size"),
  )
}

function arrow(svg, from, to, kind) {
  path(svg, `M${from.join(" ")} L${to.join(" ")}`, kind)
}

function path(svg, d, kind) {
  svg.append(node("path", { d, class: kind, "marker-end": `url(#head-${kind})` }))
}

function heads() {
  const defs = node("defs", {})
  for (const kind of ["value", "gradient"]) {
    const head = node("marker", {
      id: `head-${kind}`, viewBox: "0 0 10 10", refX: 9, refY: 5,
      markerWidth: 7, markerHeight: 7, orient: "auto-start-reverse",
    })
    head.append(node("path", { d: "M0 0 L10 5 L0 10 z", class: `head-${kind}` }))
    defs.append(head)
  }
  return defs
}

function text(x, y, words, kind) {
  const made = node("text", { x, y, class: kind })
  made.textContent = words
  return made
}

function node(tag, attributes) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag)
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value)
  return made
}
