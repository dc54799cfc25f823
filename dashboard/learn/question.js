// A question before its answer: what is predicted is committed first, then the answer is computed.
// Until then it is nowhere on the page, and nobody has computed it.

import { choice, element } from "./drawing.js"

// `answer()` gives { right, sentence }: which of the options came true, and what was seen.
export function question({ ask, options, answer, answered = () => {} }) {
  let predicted = null
  const said = element("p", { class: "answer", role: "status" })
  const commit = element("button", { type: "button", class: "commit" }, "Commit")
  commit.disabled = true
  const asked = choice(ask, options, null, (value) => {
    predicted = value
    commit.disabled = false
  })
  const form = element("section", { class: "question" }, asked, commit, said)
  commit.addEventListener("click", () => {
    const { right, sentence } = answer()
    const label = (value) => options.find(([name]) => name === value)[1]
    const verdict = right === predicted ? "As predicted" : "Not as predicted"
    said.textContent = `${verdict}. You said: ${label(predicted)}. ${sentence}`
    for (const input of form.querySelectorAll("input, button")) input.disabled = true
    commit.remove()
    said.tabIndex = -1
    said.focus() // the button that had it is gone
    answered()
  })
  return form
}
