// A question before its answer: what is predicted is committed first, then the answer is computed.
// Until then it is nowhere on the page, and nobody has computed it.

import { choice, element } from "./drawing.js"

// `answer()` gives { right, sentence }: which of the options came true, and what was seen.
// `room`, where a teacher asks, is given the question in its words, with the answer of this moment.
export function question({ ask, options, answer, answered = () => {}, room = null }) {
  let predicted = null
  const labelOf = (value) => options.find(([name]) => name === value)[1]
  const said = element("p", { class: "answer", role: "status" })
  const commit = element("button", { type: "button", class: "commit" }, "Commit")
  commit.disabled = true
  const asked = choice(ask, options, null, (value) => {
    predicted = value
    commit.disabled = false
  })
  const toAll = element("button", { type: "button", class: "room" }, "Ask the room")
  toAll.addEventListener("click", () => {
    const { right, sentence } = answer()
    const labels = options.map(([, label]) => label)
    room({ ask, options: labels, outcome: `${labelOf(right)}. ${sentence}` })
  })
  const form = element("section", { class: "question" }, asked, commit, ...(room ? [toAll] : []), said)
  commit.addEventListener("click", () => {
    const { right, sentence } = answer()
    const verdict = right === predicted ? "As predicted" : "Not as predicted"
    said.textContent = `${verdict}. You said: ${labelOf(predicted)}. ${sentence}`
    for (const input of form.querySelectorAll("input")) input.disabled = true
    commit.remove()
    said.tabIndex = -1
    said.focus() // the button that had it is gone
    answered()
  })
  return form
}

// Where a question is put to the room; null for all who do not teach.
export function roomOf({ data, setTriggerValue }) {
  return data.room ? (asked) => setTriggerValue("asked", asked) : null
}
