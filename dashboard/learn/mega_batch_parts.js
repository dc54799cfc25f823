// The parts of the picture of the mega batch: the ribbon, the two grids, the one-hot block and the
// table of updates. Each is laid for the sizes of the moment, and drawn again and again after that.
// Everything that comes from people is put in as text, never as markup.

import { range, updatesPerPass } from "./windows.js"

const PER_LINE = 60 // characters of the ribbon
const SAID = { // of each layout: its title, and what to see
  cursors: [
    "Right: every column a cursor",
    "Each goes on where it stopped. It moves before it reads: the first character of its segment is "
      + "left to the cursor before.",
  ],
  slices: [
    "Wrong: slices laid along B",
    "A column goes on elsewhere, with a state from another place: harmless only where every window "
      + "starts from zeros.",
  ],
}

// The text in lines, cut in segments; above each character the cursor that reads it in this
// window, below it the column of the slices.
export function ribbon(host, { length, B }, text) {
  const segment = Math.floor(length / B)
  host.setAttribute("role", "img")
  host.setAttribute("aria-label", `The text in ${B} segments: ${range(B).map((b) =>
    text.slice(b * segment, b === B - 1 ? length : (b + 1) * segment)).join(" | ")}`)
  const characters = range(length).map((position) => {
    const b = Math.min(B - 1, Math.floor(position / segment))
    const made = element("span", "character")
    made.classList.toggle("odd", b % 2 === 1)
    made.classList.toggle("cut", position === b * segment)
    made.append(
      element("i", "cursors"), element("b", "letter", visible(text[position])), element("i", "slices"),
    )
    return made
  })
  const lines = range(2).map((line) => {
    const made = element("div", "line")
    const from = line * PER_LINE
    const names = element("span", "names")
    names.append(element("i", "", "cursors"), element("b", "", from), element("i", "", "slices"))
    made.append(names, ...characters.slice(from, from + PER_LINE))
    return made
  })
  host.replaceChildren(...lines)
  return characters
}

export function markRibbon(characters, windows, filled, chosen) {
  characters.forEach((made, position) => {
    made.classList.toggle("chosen", position === chosen?.position)
    made.classList.toggle("from", position === chosen?.from)
    made.classList.toggle("broken", position === chosen?.from && !chosen.fits)
    for (const mark of made.querySelectorAll("i")) {
      mark.textContent = ""
      mark.classList.remove("broken")
    }
  })
  for (const [layout, rows] of Object.entries(windows)) {
    rows.slice(0, filled).forEach((row) => row.forEach(({ position, fits }, b) => {
      const mark = characters[position].querySelector(`.${layout}`)
      mark.textContent = b + 1
      mark.classList.toggle("broken", !fits)
    }))
  }
}

// The T × B window of one layout: what each column's state comes from, T inputs, the last target.
export class Grid {
  constructor(layout, picture) {
    this.layout = layout
    this.picture = picture
    const { B, T } = picture.sizes
    const [title, note] = SAID[layout]
    this.block = element("section", `block ${layout}`)
    this.table = element("table", "grid")
    this.table.setAttribute("role", "grid")
    this.table.setAttribute("aria-label", title)
    this.count = element("p", "count")
    this.block.append(
      element("p", "title", title), element("p", "note", note), this.count, this.table,
    )
    this.line("column", range(B).map((b) => Object.assign(element("th", "", b + 1), { scope: "col" })))
    this.before = this.line("state from", range(B).map(() => element("td", "before")))
    this.cells = range(T)
      .map((t) => this.line(`x, t = ${t + 1}`, range(B).map((b) => this.cell(t, b))))
    this.after = this.line("last y", range(B).map(() => element("td", "after")))
  }

  line(name, cells) {
    const row = document.createElement("tr")
    const header = element("th", "name", name)
    header.scope = "row"
    row.append(header, ...cells)
    this.table.append(row)
    return cells
  }

  cell(t, b) {
    const made = element("td", "cell")
    made.addEventListener("click", () => { this.picture.choose(this.layout, t, b); made.focus() })
    made.addEventListener("keydown", (event) => {
      const by = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key]
      if (!by) return
      event.preventDefault()
      event.stopPropagation() // the page turns at arrow keys
      const next = [t + by[0], b + by[1]]
      if (!this.cells[next[0]]?.[next[1]]) return
      this.picture.choose(this.layout, ...next)
      this.cells[next[0]][next[1]].focus()
    })
    return made
  }

  draw(window, k, filled, chosen) {
    const { text } = this.picture.data
    const { length, T } = this.picture.sizes
    const mine = chosen.layout === this.layout
    window.forEach((row, t) => row.forEach((cell, b) => {
      const made = this.cells[t][b]
      const isRead = t < filled
      made.textContent = isRead ? visible(text[cell.position]) : ""
      made.setAttribute("aria-label", isRead ? described(cell, text, t, b) : `t = ${t + 1}, not read`)
      made.setAttribute("aria-selected", mine && chosen.t === t && chosen.b === b)
      // Tab comes to one cell of each grid, arrows go on from there.
      made.tabIndex = (mine ? chosen.t === t && chosen.b === b : t + b === 0) ? 0 : -1
      made.classList.toggle("broken", isRead && !cell.fits)
      made.classList.toggle("wrapped", isRead && cell.position === 0)
    }))
    window[0].forEach(({ from, fits }, b) => {
      this.before[b].textContent = from === null ? "0" : visible(text[from])
      this.before[b].classList.toggle("broken", !fits)
    })
    window[T - 1].forEach(({ position }, b) => {
      this.after[b].textContent = filled === T ? visible(text[(position + 1) % length]) : ""
    })
    this.count.textContent = k === 0 ? "All states are the zeros of the start."
      : `${window[0].filter(({ fits }) => fits).length} of ${window[0].length} carried states were `
        + "left by the character before."
  }
}

function described({ position, from, fits }, text, t, b) {
  const state = from === null ? "state of zeros"
    : `state from ${visible(text[from])}, position ${from}, ${fits ? "" : "not "}the character before`
  return `t = ${t + 1}, column ${b + 1}: ${visible(text[position])}, position ${position}; ${state}`
}

// What the network is given for one step t: for each column a row of 27, with a single one.
export class OneHot {
  constructor(symbols, B) {
    this.symbols = symbols
    this.block = element("section", "block one-hot")
    this.title = element("p", "title")
    this.matrix = element("div", "matrix")
    this.matrix.setAttribute("role", "img")
    this.matrix.append(element("span", "name"))
    for (const symbol of symbols) this.matrix.append(element("span", "symbol", visible(symbol)))
    this.rows = range(B).map((b) => {
      const name = element("span", "name", b + 1)
      const bits = [...symbols].map(() => element("span", "bit"))
      this.matrix.append(name, ...bits)
      return { name, bits }
    })
    this.block.append(this.title, this.matrix)
  }

  draw(letters, t, b) {
    this.title.textContent = `x at t = ${t + 1}, one-hot: ${letters.length} × ${this.symbols.length}`
    this.matrix.setAttribute("aria-label", letters.map((letter, row) =>
      `row ${row + 1}: ${letter ? `1 at ${visible(letter)}` : "not read yet"}`).join(", "))
    this.rows.forEach(({ name, bits }, row) => {
      name.classList.toggle("chosen", row === b)
      bits.forEach((bit, i) => {
        const one = letters[row] === this.symbols[i]
        bit.textContent = letters[row] && one ? "1" : ""
        bit.className = `bit ${one ? "one" : ""} ${row === b ? "chosen" : ""}`
      })
    })
  }
}

export function updatesTable(table, { settings }, sizes) {
  const caption = element("caption", "", "Updates a pass = characters / (B × T)")
  const head = document.createElement("tr")
  for (const name of ["", "characters", "B", "T", "characters an update", "updates a pass"]) {
    head.append(element("th", "", name))
  }
  const rows = [{ name: "this picture", ...sizes }, ...settings].map((row) => {
    const made = document.createElement("tr")
    const name = element("th", "", row.name)
    name.scope = "row"
    const numbers = [row.length, row.B, row.T, row.B * row.T].map((n) => n.toLocaleString("en"))
    const updates = updatesPerPass(row).toLocaleString("en", {
      minimumFractionDigits: 1, maximumFractionDigits: 1,
    })
    made.append(name, ...[...numbers, updates].map((value) => element("td", "", value)))
    return made
  })
  table.replaceChildren(caption, head, ...rows)
}

export function visible(character) {
  return character === " " ? "·" : character
}

export function element(tag, className, text = "") {
  const made = document.createElement(tag)
  made.className = className
  made.textContent = text
  return made
}
