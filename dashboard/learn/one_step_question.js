// What picture 1 asks: whether a network would say the same without its W. Knows no picture.

import { comesBack, windowOf, zeroState } from "./arithmetic.js"
import { fixed } from "./drawing.js"
import { question } from "./question.js"

export const ALPHABET = "helo"

// A network's window over a word, from the zeros of the start.
export function windowFor(network, word) {
  const ids = [...word].map((letter) => ALPHABET.indexOf(letter))
  return windowOf(network, ids.slice(0, -1), ids.slice(1), zeroState(network))
}

// `network()` is the one that is shown when the prediction is committed, or the room is asked.
export function withoutW(network, room) {
  return question({
    room,
    ask: "Predict: after the first l of “hello” and after the second, this network says what " +
      "comes next. If every weight in W were 0, would it say the same both times?",
    options: [["same", "the same"], ["different", "something different"]],
    answer: () => answerFor(network()),
  })
}

function answerFor(network) {
  const W = network.weights.W.map((row) => row.map(() => 0))
  const without = { ...network, weights: { ...network.weights, W } }
  const [now, then] = [network, without].map(afterEachL)
  let why = "What came before reaches a step through W alone."
  if (comesBack(network) === "y") {
    why = "So it does with its own W: the true previous output is the very letter that it reads."
  } else if (now.same) {
    why = "With these weights it does so with its own W, too: no unit tells what came before."
  }
  return {
    right: then.same ? "same" : "different",
    sentence: `With W = 0 it says ${then.told[0]} after the first l, and ${then.told[1]} ` +
      `after the second. ${why}`,
  }
}

// What a network says after the first and after the second l of hello, and whether it is the same.
function afterEachL(network) {
  const [first, second] = windowFor(network, "hello").steps.slice(2).map((step) => step.p)
  const told = (p) => p.map((value, k) => `${ALPHABET[k]} ${fixed(value, 3)}`).join(", ")
  return {
    same: first.every((p, k) => Math.abs(p - second[k]) < 1e-12), told: [told(first), told(second)],
  }
}
