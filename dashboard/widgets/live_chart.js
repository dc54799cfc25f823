// Draws one Plotly figure and updates it in place, keeping what the reader did to it.
// Knows nothing of what the figure shows. live_chart.py sends the figures.

const TITLE_ROOM = 34 // pixels
const USUAL_TYPE = 17 // pixels, of the root: what the sizes in figures are meant for
const NEAR = "200px" // from the window's edge is in sight, too
const charts = new WeakMap() // parentElement -> Chart

// Streamlit calls this for every update and for every change of the theme.
export default function update({ data, parentElement }, plotlyFile) {
  let chart = charts.get(parentElement)
  if (!chart) {
    chart = new Chart(parentElement, plotlyFile)
    charts.set(parentElement, chart)
  }
  chart.show(data)
  return () => {
    // Streamlit also cleans up a call that a newer one has overtaken; the chart lives on.
    if (parentElement.isConnected) return
    chart.close()
    charts.delete(parentElement)
  }
}

// One download for all charts of a page. `page_script.py` begins it before the first chart asks.
export function loadPlotly(file) {
  window.unrollPlotly ??= unpacked(file).then((library) => new Promise((resolve, reject) => {
    const script = document.createElement("script")
    script.src = URL.createObjectURL(library)
    script.onload = () => {
      URL.revokeObjectURL(script.src) // it is kept as long as it has an address
      if (window.Plotly) resolve(window.Plotly)
      else reject(new Error(file))
    }
    script.onerror = () => reject(new Error(file))
    document.head.append(script)
  }))
  return window.unrollPlotly
}

// It lies packed beside this script, see plotly_assets.py.
async function unpacked(file) {
  const answer = await fetch(new URL(file, import.meta.url))
  if (!answer.ok) throw new Error(file)
  const library = answer.body.pipeThrough(new DecompressionStream("gzip"))
  return new Blob([await new Response(library).blob()], { type: "text/javascript" })
}

class Chart {
  constructor(parent, plotlyFile) {
    this.plotlyFile = plotlyFile
    this.note = element("p", "live-chart-note")
    this.plot = element("div", "live-chart-plot")
    this.host = element("div", "live-chart")
    this.host.append(this.note, this.plot)
    parent.querySelector(".live-chart")?.remove() // left by an earlier version of this script
    parent.append(this.host)

    this.resets = 0
    this.asked = {} // the range that the figure asked for when each axis was last drawn
    this.held = false // the mouse is down: a redraw would end the drag
    this.twice = null // where a second click began
    this.press = (event) => {
      this.held = event.button === 0
      this.byMouse = event.pointerType === "mouse"
    }
    // Plotly calls any two presses double that it gets to within 0.3 s: a slow page gets to the
    // second one too late. The browser counts by when and where they were made.
    this.count = (event) => {
      const again = event.detail === 2 && event.target.closest(".draglayer")
      this.twice = again ? event : null
    }
    this.release = (event) => {
      if (!this.held) return
      this.held = false
      if (this.twice && !isDrag(this.twice, event)) this.reset()
      else this.drawSoon()
      this.twice = null
    }
    this.plot.addEventListener("pointerdown", this.press)
    this.plot.addEventListener("mousedown", this.count)
    window.addEventListener("pointerup", this.release)
    window.addEventListener("pointercancel", this.release)

    this.sized = new ResizeObserver(() => requestAnimationFrame(() => this.draw()))
    this.sized.observe(this.host)
    this.sight = new IntersectionObserver((seen) => {
      this.inSight = seen.at(-1).isIntersecting
      this.draw()
    }, { rootMargin: NEAR, scrollMargin: NEAR })
    this.sight.observe(this.host)

    loadPlotly(plotlyFile).then(
      (plotly) => {
        this.plotly = plotly
        this.config = this.makeConfig() // once: to react, another one means another chart
        this.draw()
      },
      () => this.say(
        "The chart library could not be loaded. Reload the page, or restart the dashboard."
      ),
    )
  }

  show(data) {
    this.data = data
    this.host.style.height = `${data.height}px`
    this.draw()
  }

  // What is in sight comes first. The rest is drawn once, when the browser has nothing else to do,
  // and follows its run again when it comes into sight.
  draw() {
    if (this.inSight) return this.drawNow()
    if (this.inSight === undefined || this.waits || this.drawn) return // known with the first frame
    this.waits = true
    whenIdle(() => {
      this.waits = false
      if (!this.drawn) this.drawNow()
    })
  }

  drawNow() {
    const width = this.host.clientWidth // 0 in a tab that is not shown; resizing calls again
    if (!this.plotly || !this.data || this.held || this.closed || !width) return
    const look = lookOf(this.host)
    const now = JSON.stringify([width, look])
    if (this.data === this.drawn && now === this.drawnLook) return
    this.drawn = this.data
    this.drawnLook = now
    try {
      const { traces, layout } = themed(this.data, look, width, this.resets)
      this.keepZoom(layout)
      const isNew = !this.plot.on
      // newPlot on the first call
      this.plotly.react(this.plot, traces, layout, this.config)
        .catch((error) => this.say(`This chart could not be drawn: ${error.message}.`))
      if (isNew) this.plot.on("plotly_doubleclick", () => this.byMouse || this.reset())
      this.describe()
      this.say("")
    } catch (error) {
      this.say(`This chart could not be drawn: ${error.message}.`)
    }
  }

  // Plotly ends a zoom when the figure asks for another range than before; so a figure is not
  // heard on an axis that the reader has zoomed, until the axes mean something else.
  keepZoom(layout) {
    const meaning = layout.uirevision
    for (const name of ["xaxis", "yaxis"]) {
      const [before, shown] = [this.asked[name], this.plot.layout?.[name]?.range]
      const wanted = layout[name]?.range
      const zoomed = before && shown && this.meaning === meaning && String(before) !== String(shown)
      if (wanted && zoomed) layout[name].range = [...before]
      else this.asked[name] = wanted && [...wanted]
    }
    this.meaning = meaning
  }

  // Let the axes follow the data again, as the newest figure has them: Plotly's own reset goes
  // back to the first figure, which had none.
  reset() {
    this.resets += 1
    this.drawn = null
    this.drawSoon()
  }

  // Once Plotly is done with the same event.
  drawSoon() {
    clearTimeout(this.soon)
    this.soon = setTimeout(() => this.draw())
  }

  // The drawing is one image with a description; the mode bar beside it stays reachable.
  describe() {
    const [drawing, ...overlays] = this.plot.querySelectorAll("svg.main-svg")
    drawing?.setAttribute("role", "img")
    drawing?.setAttribute("aria-label", this.data.alt || titleOf(this.data) || "Chart")
    for (const overlay of overlays) overlay.setAttribute("aria-hidden", "true")
  }

  makeConfig() {
    return {
      displaylogo: false,
      displayModeBar: "hover",
      doubleClick: false, // see reset
      modeBarButtons: [
        [
          "zoom2d", "pan2d",
          { name: "Reset axes", icon: this.plotly.Icons.home, click: () => this.reset() },
          this.download("png"), this.download("svg"), this.download("html"),
        ],
      ],
    }
  }

  download(format) {
    return {
      name: `Download as ${format.toUpperCase()}`,
      icon: this.plotly.Icons[{ png: "camera", svg: "disk", html: "newplotlylogo" }[format]],
      click: () => (format === "html" ? this.savePage() : this.save(format)),
    }
  }

  save(format) {
    const layout = {
      ...this.plot.layout,
      paper_bgcolor: lookOf(this.host).background, // elsewhere there is no page behind it
    }
    this.plotly.downloadImage(
      { data: this.plot.data, layout },
      {
        format,
        filename: fileName(titleOf(this.data) || this.data.alt),
        width: layout.width,
        height: layout.height,
        scale: format === "png" ? 2 : 1,
      },
    )
  }

  // One file that needs nothing else: the library, and the chart as it stands.
  async savePage() {
    try {
      const library = await (await unpacked(this.plotlyFile)).text()
      const title = titleOf(this.data) || this.data.alt || "Chart"
      const { data, layout } = JSON.parse(this.plotly.Plots.graphJson(this.plot, false, "keepall"))
      layout.paper_bgcolor = lookOf(this.host).background
      delete layout.width // as wide as the window there
      const figure = JSON.stringify([data, layout]).replaceAll("<", "\\u003c")
      const page = `<!doctype html><meta charset="utf-8"><title>${escaped(title)}</title>
<body style="margin:0;background:${layout.paper_bgcolor}"><div id="chart"></div>
<script>${library}</script>
<script>Plotly.newPlot("chart", ...${figure}, {responsive: true})</script>`
      const link = element("a")
      link.href = URL.createObjectURL(new Blob([page], { type: "text/html" }))
      link.download = `${fileName(title)}.html`
      link.click()
      setTimeout(() => URL.revokeObjectURL(link.href), 10_000)
    } catch (error) {
      this.say(`This chart could not be saved: ${error.message}.`)
    }
  }

  say(sentence) {
    this.note.textContent = sentence
  }

  close() {
    this.closed = true
    this.sized.disconnect()
    this.sight.disconnect()
    window.removeEventListener("pointerup", this.release)
    window.removeEventListener("pointercancel", this.release)
    this.plotly?.purge(this.plot)
  }
}

// Plotly calls it one from so many pixels on.
function isDrag(from, to) {
  return Math.hypot(to.clientX - from.clientX, to.clientY - from.clientY) >= 8
}

// Not every browser (Safari) tells when it is idle.
function whenIdle(act) {
  if (window.requestIdleCallback) window.requestIdleCallback(act, { timeout: 1_000 })
  else setTimeout(act, 100)
}

function element(tag, className) {
  const made = document.createElement(tag)
  made.className = className
  return made
}

function titleOf({ figure }) {
  const title = figure.layout.title?.text ?? ""
  return title.replace(/<[^>]*>/g, "")
}

function escaped(text) {
  return text.replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`)
}

function fileName(text) {
  const words = text.toLowerCase().replace(/[^a-z0-9]+/g, "-").slice(0, 60)
  return words.replace(/^-|-$/g, "") || "chart"
}

const TITLE_BEGINS = 75 // pixels from the chart's left edge, and LETTER: widths of one by its height
const LETTER = 0.5

function lookOf(host) {
  const style = getComputedStyle(host)
  const read = (name) => style.getPropertyValue(`--st-${name}`).trim()
  return {
    text: read("text-color"),
    background: read("background-color"),
    line: read("border-color"),
    grid: read("border-color-light"),
    quiet: read("gray-text-color"),
    font: read("font"),
    type: parseFloat(getComputedStyle(document.documentElement).fontSize),
  }
}

function themed({ figure, height, revision }, look, width, resets) {
  // A uid follows its trace when others appear before it, so a hidden trace stays hidden.
  // Plotly uses it in CSS selectors; two traces may share a name, and a group in the legend.
  const scale = look.type / USUAL_TYPE
  const seen = new Map()
  const traces = figure.data.map((trace) => {
    const name = (trace.name ?? "").replace(/\W/g, "-")
    seen.set(name, (seen.get(name) ?? 0) + 1)
    return { uid: `curve-${name}-${seen.get(name)}`, ...lookedAt(trace, scale) }
  })
  const sized = enlarged(figure.layout, scale)
  const layout = {
    ...sized, // a copy: Plotly writes the zoom into it: it must not look like ours
    ...(sized.title?.text && { title: fitted(sized.title, width, look.type) }),
    width,
    height,
    uirevision: `axes ${revision} ${resets}`,
    legend: { ...legendOf(sized, height, scale), uirevision: "legend" },
    template: { layout: templateOf(look) },
  }
  return { traces, layout }
}

// Sizes of type, lines, marks and margins for larger type than they were chosen for.
const SIZES = new Set(["size", "width", "l", "r", "t", "b", "standoff", "thickness", "yshift"])

function enlarged(value, scale, name = "") {
  if (typeof value === "number") return SIZES.has(name) ? value * scale : value
  if (Array.isArray(value)) return value.map((inner) => enlarged(inner, scale))
  if (value === null || typeof value !== "object") return value
  return Object.fromEntries(
    Object.entries(value).map(([inner, its]) => [inner, enlarged(its, scale, inner)]),
  )
}

// A trace's data are none of that, and may be long: only how it looks.
function lookedAt(trace, scale) {
  if (scale === 1) return trace
  const looks = ["line", "marker", "textfont", "colorbar"].filter((part) => trace[part])
  return { ...trace, ...Object.fromEntries(looks.map((part) => [part, enlarged(trace[part], scale)])) }
}

// On a phone a long title is written smaller, or it would be cut off. Letters are about half as wide
// as high, and the title begins where the plot does.
function fitted(title, width, type) {
  const size = title.font?.size ?? type
  const room = width - TITLE_BEGINS
  const needed = LETTER * size * title.text.replace(/<[^>]*>/g, "").length
  return needed <= room ? title : { ...title, font: { ...title.font, size: (size * room) / needed } }
}

// A legend at the very top makes room for the title, in pixels: Plotly counts in heights.
function legendOf({ title, legend }, height, scale) {
  const atTop = title?.text && legend?.yref === "container" && legend.y === 1
  return atTop ? { ...legend, y: 1 - (scale * TITLE_ROOM) / height } : legend
}

// What the figure leaves open; what it sets itself wins.
function templateOf(look) {
  const clear = "rgba(0,0,0,0)"
  const axis = {
    gridcolor: look.grid,
    zerolinecolor: look.line,
    linecolor: look.line,
    tickcolor: look.line,
    spikecolor: look.quiet,
    spikethickness: 1,
  }
  return {
    font: { color: look.text, family: look.font },
    paper_bgcolor: clear,
    plot_bgcolor: clear,
    xaxis: axis,
    yaxis: axis,
    legend: { bgcolor: clear },
    hoverlabel: { bgcolor: look.background, bordercolor: look.line, font: { color: look.text } },
    modebar: { bgcolor: clear, color: look.quiet, activecolor: look.text },
  }
}
