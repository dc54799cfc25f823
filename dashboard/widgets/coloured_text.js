// Draws rows of text, each character with a colour and a note. Knows nothing of what they mean.
// Everything that comes from people is put in as text, never as markup.

const STRONGEST = 70 // per cent of colour: the letter stays legible on it
const HINT = "Point at a character, or walk with the arrow keys, to read its values."

export default function draw({ data, parentElement }) {
  const host = element("div", "coloured-text")
  const readout = element("p", "readout", data.hint ? HINT : "")
  readout.setAttribute("role", "status")
  if (data.legend) host.append(legend(data))
  for (const row of data.rows) host.append(rowOf(row, data, readout))
  if (data.hint) host.append(readout)
  parentElement.querySelector(".coloured-text")?.remove()
  parentElement.append(host)
}

function rowOf(row, data, readout) {
  const made = element("div", "row")
  if (row.label || row.note) {
    const label = element("p", "label")
    label.append(element("b", "", row.label), element("span", "", row.note))
    made.append(label)
  }
  const text = element("p", "text")
  const spans = row.marks.map(([character, level, , kind]) => {
    const blank = character === " " && kind !== "removed"
    const span = element("span", `character ${kind} ${blank ? "space" : ""}`, blank ? "·" : character)
    if (level !== null) span.style.backgroundColor = colour(level, data)
    return span
  })
  spans.forEach((span, i) => {
    text.append(span)
    if (row.marks[i][0] === " ") text.append(document.createElement("wbr"))
  })
  if (data.hint) listen(text, spans, row, readout)
  text.setAttribute("aria-label", `${row.label}: ${row.marks.map((mark) => mark[0]).join("")}`)
  made.append(text)
  return made
}

function listen(text, spans, row, readout) {
  let at = -1
  const show = (place) => {
    spans[at]?.classList.remove("at")
    at = place
    spans[at]?.classList.add("at")
    readout.textContent = spans[at] ? row.marks[at][2] : HINT
  }
  text.tabIndex = 0
  text.setAttribute("role", "group")
  text.addEventListener("pointerover", (event) => {
    const place = spans.indexOf(event.target)
    if (place >= 0) show(place)
  })
  text.addEventListener("pointerleave", () => show(-1))
  text.addEventListener("blur", () => show(-1))
  text.addEventListener("keydown", (event) => {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key]
    if (!by) return
    event.preventDefault()
    show(Math.min(spans.length - 1, Math.max(0, at + by)))
  })
}

function legend({ legend: [low, high], positive, negative }) {
  const made = element("div", "legend")
  const scale = element("span", "scale")
  const stops = negative ? [colour(-1, { negative }), "transparent"] : ["transparent"]
  scale.style.background = `linear-gradient(90deg, ${stops}, ${colour(1, { positive })})`
  made.append(element("span", "", low), scale, element("span", "", high))
  return made
}

function colour(level, { positive, negative }) {
  const share = Math.round(STRONGEST * Math.min(1, Math.abs(level)))
  return `color-mix(in srgb, ${level < 0 ? negative : positive} ${share}%, transparent)`
}

function element(tag, className, text = "") {
  const made = document.createElement(tag)
  made.className = className
  made.textContent = text
  return made
}
