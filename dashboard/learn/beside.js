// A picture and what stands beside it. Knows neither.

import { element } from "./drawing.js"

// Into `host` goes the picture's parts, and beside them a question; without one they take all the room.
export function layOut(host, parts, question) {
  const main = element("div", { class: "main" }, ...parts)
  host.classList.toggle("asking", Boolean(question))
  host.replaceChildren(main, ...(question ? [question] : []))
}
