// The kinds of questions, each as what is pressed and what it comes to: a number on a scale, a choice,
// an order. A kind is { body, picture, value, freeze, tell, answered }: what is asked and pressed; what
// stands below it, or null; the prediction, or null while there is none; showing one that was
// committed; one in words; what an outcome draws there.

import { choice, element, fixed, svg } from "./../drawing.js"
import { drawScale, valueAt } from "./scale.js"

export const KINDS = { number, choice: oneOf, order }

function number(asks, changed) {
  const input = element("input", {
    type: "number", min: asks.least, max: asks.most, step: 10 ** -asks.digits, "aria-label": asks.ask,
  })
  const picture = svg("svg", { role: "img", class: "scale" })
  let marks = asks.marks
  const value = () => (input.value !== "" && input.checkValidity() ? Number(input.value) : null)
  const redraw = () => drawScale(picture, { ...asks, marks, said: value() })
  input.addEventListener("input", () => {
    redraw()
    changed()
  })
  // Pointed at, too: a guess is a place among the marks.
  picture.addEventListener("pointerdown", (event) => {
    if (input.disabled) return
    const { top, height } = picture.getBoundingClientRect()
    input.value = valueAt(asks, (event.clientY - top) / height)
    redraw()
    changed()
  })
  redraw()
  const range = `${asks.least} to ${asks.most}${asks.unit && ` ${asks.unit}`}, counts within ${asks.tolerance}`
  const field = element("label", { class: "number" }, input, element("span", { class: "note" }, range))
  return {
    body: [element("p", { class: "asks" }, asks.ask), field],
    picture,
    value,
    freeze: (said) => {
      input.value = said
      field.hidden = true // the scale shows it
      redraw()
    },
    tell: (said) => `${fixed(said, asks.digits)}${asks.unit && ` ${asks.unit}`}`,
    answered: (outcome) => {
      marks = [...asks.marks, ...outcome.marks]
      redraw()
    },
  }
}

function oneOf(asks, changed) {
  let chosen = null
  const asked = choice(asks.ask, asks.options, null, (name) => {
    chosen = name
    changed()
  })
  const label = (name) => asks.options.find(([option]) => option === name)?.[1] ?? ""
  const inputs = [...asked.querySelectorAll("input")]
  const picture = svg("svg", { role: "img", class: "scale" })
  picture.style.display = "none"
  return {
    body: [asked],
    picture,
    value: () => chosen,
    freeze: (said) => {
      const tried = [said].flat()
      for (const input of inputs) {
        input.checked = input.value === tried.at(-1)
        input.parentElement.hidden = !asks.again // its verdict says it in words
      }
    },
    // What was tried is not tried again.
    reopen: (tried) => {
      chosen = null
      for (const input of inputs) {
        input.checked = false
        input.disabled = tried.includes(input.value)
      }
    },
    tell: (said) => [said].flat().map(label).join(", then "),
    answered: ({ marks }) => {
      if (!marks.length) return
      const values = marks.map(({ value }) => value)
      const [least, most] = [Math.min(...values) - 0.1, Math.max(...values) + 0.1]
      drawScale(picture, { least: round(least), most: round(most), digits: 2, marks, said: null })
      picture.style.display = ""
    },
  }
}

// Pressed in turn: each takes the next place, and gives it back when it is pressed there.
function order(asks, changed) {
  const placed = []
  const label = (name) => asks.items.find(([item]) => item === name)?.[1] ?? name
  const list = element("ol", { class: "placed" })
  const rest = element("div", { class: "rest" })
  const redraw = () => {
    const places = asks.items.map((_, i) => element("li", {}, button(placed[i])))
    list.replaceChildren(...places)
    const left = asks.items.map(([name]) => name).filter((name) => !placed.includes(name))
    rest.replaceChildren(...left.map(button))
  }
  const button = (name) => {
    if (name === undefined) return element("span", { class: "note" }, "not placed yet")
    const made = element("button", { type: "button" }, label(name))
    made.addEventListener("click", () => {
      const at = placed.indexOf(name)
      if (at < 0) placed.push(name)
      else placed.splice(at, 1)
      redraw()
      ;[...rest.children, ...list.querySelectorAll("button")][0]?.focus() // the one pressed is gone
      changed()
    })
    return made
  }
  redraw()
  return {
    body: [element("p", { class: "asks" }, asks.ask), list, rest],
    picture: null,
    value: () => (placed.length === asks.items.length ? [...placed] : null),
    freeze: (said) => {
      list.hidden = rest.hidden = true // its verdict says it in words
      placed.splice(0, placed.length, ...said)
    },
    tell: (said) => said.map(label).join(", "),
    answered: () => {},
  }
}

function round(value) {
  return Math.round(value * 10) / 10
}
