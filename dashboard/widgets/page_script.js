// What every page listens for. Knows no page.

import { noteStepsOnce } from "./one_entry.js"
import { turnByKeys } from "./page_keys.js"
import { beginPagesAtTheTop } from "./page_top.js"
import { keepFocusInRows } from "./row_focus.js"

let listening = false

export default function listen({ data }) {
  turnByKeys(data.present)
  // page_script.py adds it: it knows where their script is.
  if (!data.chartless.split(" ").includes(location.pathname.split("/").pop())) beginCharts()
  if (listening) return
  listening = true
  noteStepsOnce()
  beginPagesAtTheTop()
  keepFocusInRows()
}
