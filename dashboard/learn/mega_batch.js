// Draws a short text as a ribbon and the windows that are cut from it, in two layouts side by
// side: what can be pressed, and where the reader is. Runs in the browser alone: mega_batch.py sends
// the text once. `windows.js` is the arithmetic, and `mega_batch_parts.js` draws.

import { layOut } from "./beside.js"
import {
  Grid, OneHot, element, markRibbon, ribbon, updatesTable, visible,
} from "./mega_batch_parts.js"
import { question, roomOf } from "./question.js"
import { layouts, windowOf, wrappingWindow } from "./windows.js"

const MOST = { B: 6, T: 8 }
const TICK = 400 // ms from row to row while it plays
const START = { length: 96, B: 4, T: 5 } // the last cursor wraps in the middle of the fifth window
const LESSON = "Either doubled halves the updates, each from twice as many predictions. Only T changes "
  + "how far a gradient goes back; only B, how many places are read side by side."
const pictures = new WeakMap() // parentElement -> MegaBatch

// Streamlit calls this for every run of the page and for every change of the theme.
export default function update(component) {
  const { data, parentElement } = component
  let picture = pictures.get(parentElement)
  if (!picture) {
    picture = new MegaBatch(parentElement, roomOf(component))
    pictures.set(parentElement, picture)
  }
  picture.show(data)
  return () => {
    // Streamlit also cleans up a call that a newer one has overtaken; the picture lives on.
    if (parentElement.isConnected) return
    picture.pause()
    pictures.delete(parentElement)
  }
}

class MegaBatch {
  constructor(parent, room) {
    this.room = room
    this.sizes = { ...START }
    this.read = START.T // characters that each column has read: the first window, whole
    this.chosen = { layout: "cursors", t: 0, b: 0 }
    this.host = element("div", "toy mega-batch")
    parent.querySelector(".mega-batch")?.remove() // left by an earlier version of this script
    parent.append(this.host)
  }

  show(data) {
    const sent = JSON.stringify(data)
    if (sent === this.sent) return // the page ran again, and nothing about the picture is new
    this.sent = sent
    this.data = data
    this.sizes.length = Math.min(this.sizes.length, data.text.length)
    this.controls = this.buttons()
    this.sliders = this.ranges()
    this.now = element("p", "now")
    this.ribbon = element("div", "ribbon")
    this.blocks = element("div", "blocks")
    this.status = element("p", "status")
    this.status.setAttribute("role", "status")
    this.updates = element("table", "updates")
    const lesson = element("p", "lesson", LESSON)
    const top = element("div", "top")
    top.append(this.controls, this.sliders)
    const parts = [top, this.now, this.ribbon, this.status, this.blocks, this.updates, lesson]
    layOut(this.host, parts, this.question())
    this.lay()
  }

  // -- what can be pressed and moved ----------------------------------------------------------

  buttons() {
    const row = element("div", "buttons")
    const press = (name, act) => {
      const button = element("button", "", name)
      button.type = "button"
      button.addEventListener("click", act)
      row.append(button)
      return button
    }
    const to = (count) => () => { this.pause(); this.moveTo(count()) }
    const { ceil, floor } = Math
    this.playing = press("Play", () => (this.timer ? this.pause() : this.play()))
    press("Back", to(() => this.sizes.T * (ceil(this.read / this.sizes.T) - 1)))
    press("Step", to(() => this.sizes.T * (floor(this.read / this.sizes.T) + 1)))
    press("First window", to(() => this.sizes.T))
    press("Wrap-around", to(() => this.sizes.T * (wrappingWindow(this.sizes) + 1)))
    return row
  }

  ranges() {
    const { text, shortest, labels } = this.data
    const row = element("div", "sliders")
    const slide = (size, name, low, high) => {
      const label = element("label", "", name)
      const shown = element("span", "value", this.sizes[size])
      shown.ariaHidden = true // the slider tells its value itself
      const input = Object.assign(document.createElement("input"), { type: "range" })
      Object.assign(input, { min: low, max: high, value: this.sizes[size], disabled: low === high })
      input.addEventListener("input", () => {
        this.sizes[size] = Number(input.value)
        shown.textContent = input.value
        this.lay()
      })
      // The page turns at arrow keys, and cannot see into this component.
      input.addEventListener("keydown", (event) => event.stopPropagation())
      label.append(input, shown)
      row.append(label)
    }
    slide("B", labels.B, 2, MOST.B)
    slide("T", labels.T, 2, MOST.T)
    slide("length", "Characters", shortest, text.length)
    return row
  }

  play() {
    this.timer = setInterval(() => this.moveTo(this.read + 1), TICK)
    this.playing.textContent = "Pause"
    this.status.setAttribute("aria-live", "off") // or it would speak with every row
  }

  pause() {
    clearInterval(this.timer)
    this.timer = undefined
    this.playing.textContent = "Play"
    this.status.setAttribute("aria-live", "polite")
  }

  moveTo(count) {
    this.read = Math.max(this.sizes.T, count)
    this.draw()
  }

  choose(layout, t, b) {
    this.chosen = { layout, t, b }
    this.draw()
  }

  // A single column is more than the picture shows: B begins with two.
  question() {
    return question({
      room: this.room,
      ask: "Predict: one cursor alone, B = 1, in the layout that fails. How many of the states that are "
        + "carried from window to window were left by the character before?",
      options: [["none", "none"], ["some", "some of them"], ["all", "all"]],
      answer: () => {
        const one = { ...this.sizes, B: 1 }
        const [fits, carried] = carriedThatFit("slices", one)
        const [fitsNow, carriedNow] = carriedThatFit("slices", this.sizes)
        return {
          right: fits === carried ? "all" : fits ? "some" : "none",
          sentence: `Over a pass of ${one.length} characters with T = ${one.T} it is ${fits} of `
            + `${carried}, and with B = ${this.sizes.B}, as here, ${fitsNow} of ${carriedNow}. With one `
            + "column the next slice is the next piece of the text. It is the batch that tears them "
            + "apart, and segments with a cursor each that hold them together.",
        }
      },
    })
  }

  // -- what is drawn ------------------------------------------------------------------------

  // Anew, for other sizes. Between ticks the elements stay, so that a click meets what it aims at.
  lay() {
    const { B, T } = this.sizes
    this.pause()
    this.read = T
    this.chosen = {
      ...this.chosen, t: Math.min(this.chosen.t, T - 1), b: Math.min(this.chosen.b, B - 1),
    }
    this.characters = ribbon(this.ribbon, this.sizes, this.data.text)
    this.grids = Object.keys(layouts).map((layout) => new Grid(layout, this))
    this.oneHot = new OneHot(this.data.symbols, B)
    this.blocks.replaceChildren(...this.grids.map((grid) => grid.block), this.oneHot.block)
    updatesTable(this.updates, this.data, this.sizes)
    this.draw()
  }

  draw() {
    const { length, B, T } = this.sizes
    const k = Math.floor((this.read - 1) / T)
    const filled = this.read - k * T // rows of the window that are read
    const windows = {}
    for (const layout of Object.keys(layouts)) windows[layout] = windowOf(layout, this.sizes, k)
    for (const grid of this.grids) grid.draw(windows[grid.layout], k, filled, this.chosen)
    const passes = (this.read * B / length).toFixed(2)
    this.now.textContent = `The first ${length} characters of ${this.data.title}. Window ${k + 1}: `
      + `${this.read} characters read in each of ${B} columns, ${passes} passes over the ribbon.`
    const { layout, t, b } = this.chosen
    const cell = t < filled ? windows[layout][t][b] : null
    markRibbon(this.characters, windows, filled, cell)
    this.status.textContent = cell ? this.told(cell) : `t = ${t + 1} is not read yet.`
    const row = windows[layout][t]
      .map(({ position }) => (t < filled ? this.data.text[position] : ""))
    this.oneHot.draw(row, t, b)
  }

  // What is to say of a cell that has been read.
  told(cell) {
    const { layout, t, b } = this.chosen
    const { text } = this.data
    const place = `t = ${t + 1}, column ${b + 1} of the ${layout}: “${visible(text[cell.position])}”, `
      + `position ${cell.position}.`
    if (cell.from === null) return `${place} Its carried state is the zeros of the start.`
    const state = `Its state comes from “${visible(text[cell.from])}”, position ${cell.from}`
    const before = (cell.position + this.sizes.length - 1) % this.sizes.length
    const wrap = cell.position === 0 ? ": the text ends there, and begins again" : ""
    if (cell.fits) return `${place} ${state}, the character before it${wrap}.`
    return `${place} ${state}; the character before it is “${visible(text[before])}”, position `
      + `${before}.`
  }
}

// Of the states that are carried into the windows of one pass, how many fit, and how many there are.
function carriedThatFit(layout, sizes) {
  const windows = Math.floor(sizes.length / (sizes.B * sizes.T))
  const first = Array.from({ length: windows }, (_, k) => windowOf(layout, sizes, k)[0]).slice(1).flat()
  return [first.filter(({ fits }) => fits).length, first.length]
}
