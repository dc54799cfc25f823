// What the pictures are drawn with. Knows none of them.

export function svg(tag, attributes = {}, ...children) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag)
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value)
  made.append(...children)
  return made
}

export function words(x, y, text, kind = "") {
  return svg("text", { x, y, class: kind }, text)
}

export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value)
  made.append(...children)
  return made
}

let choices = 0 // radio buttons of one choice share a name that no other has

// A choice of one among a few, as radio buttons: `options` is [value, label] pairs.
export function choice(legend, options, chosen, change) {
  const name = `choice-${(choices += 1)}`
  const labels = options.map(([value, label]) => {
    const input = element("input", { type: "radio", name, value })
    input.checked = value === chosen
    input.addEventListener("change", () => change(value))
    return element("label", {}, input, label)
  })
  return element("fieldset", { class: "choice" }, element("legend", {}, legend), ...labels)
}

// A slider with its name and its value beside it, which `tell` puts into words.
export function range(name, least, most, start, change, tell = (value) => fixed(value, 2)) {
  const input = element("input", {
    type: "range", min: least, max: most, step: 0.01, value: start, "aria-label": name,
  })
  const shown = element("output", {})
  const show = () => {
    shown.textContent = tell(Number(input.value))
    input.setAttribute("aria-valuetext", shown.textContent)
  }
  const told = () => {
    show()
    change()
  }
  show()
  input.addEventListener("input", told)
  return {
    label: element("label", {}, name, input, shown),
    value: () => Number(input.value),
    set: (value) => {
      input.value = value
      told()
    },
  }
}

// The page's own keys, which turn pages and press buttons, do not hear what is typed or moved here.
// Keys that scroll pass, since a presenter's clicker sends them, and so do all from an answer, which
// has the focus once it is there.
export function keepKeys(host) {
  host.addEventListener("keydown", (event) => {
    const read = event.target.closest(".verdict, .answer")
    if (!read && !["PageUp", "PageDown"].includes(event.key)) event.stopPropagation()
  })
}

// At most one redraw for each frame, however often the pointer moves.
export function eachFrame(draw) {
  let asked = false
  return () => {
    if (asked) return
    asked = true
    requestAnimationFrame(() => {
      asked = false
      draw()
    })
  }
}

// With a true minus, and no minus before a zero.
export function fixed(value, digits) {
  const text = value.toFixed(digits)
  return Number(text) === 0 ? text.replace("-", "") : text.replace("-", "−")
}

export function powerOfTen(power) {
  const raised = [...String(power)].map((sign) => "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"["-0123456789".indexOf(sign)])
  return power === 0 ? "1" : `10${raised.join("")}`
}

// Short at any size: "0.071", "1,200", "3.1 · 10⁻⁹".
export function short(value) {
  if (!Number.isFinite(value)) return "too large to tell"
  const size = Math.abs(value)
  if (size !== 0 && (size < 0.001 || size >= 1e6)) {
    const [digits, power] = value.toExponential(1).split("e")
    return `${digits} · ${powerOfTen(Number(power))}`
  }
  return Number(value.toPrecision(2)).toLocaleString("en-US", { maximumSignificantDigits: 2 })
}
