// Truncated backpropagation through time on a short text: windows of T steps one after another, and
// what each step adds to the one ∂W. Pure functions; knows no page.

import { windowOf, zeroState } from "./arithmetic.js"

// The whole windows of T that a text fills, in their order, under weights that stay as they are.
// Values cross: each begins with the state that the one before has left. Gradients do not. `inputs`
// and `targets` are ids, as many of the one as of the other; `first` counts steps from 0.
// Each is { first, steps, loss, gradients, shares }: a share, and so each gradient, is of the mean
// loss of its window.
export function windowsOf(network, inputs, targets, state, T) {
  const windows = []
  let carried = state
  for (let first = 0; first + T <= inputs.length; first += T) {
    const found = windowOf(
      network, inputs.slice(first, first + T), targets.slice(first, first + T), carried,
    )
    windows.push({ first, ...found, shares: found.steps.map(shareOf) })
    carried = leftBy(network, found)
  }
  return windows
}

// What a step adds to ∂W: what came back to it, as a column, times the gradient by its back W.
export function shareOf({ back, d }) {
  return back.map((value) => d.backW.map((gradient) => value * gradient))
}

export function sumOf(matrices) {
  return matrices.reduce((sum, matrix) => (
    sum.map((row, i) => row.map((value, j) => value + matrix[i][j]))
  ))
}

// The root of the sum of the squares.
export function sizeOf(matrix) {
  return Math.hypot(...matrix.flat())
}

// What crosses to the next window.
export function leftBy({ architecture }, { steps }) {
  const last = steps.at(-1)
  return architecture === "arch1" ? last.h : last.p
}

// A network after so many updates by plain gradient descent, T characters each, on a text that is
// read again and again, and the state that it leaves. Where nothing is carried each window begins
// with zeros.
export function trained(network, text, { T, updates, rate, carries = true }) {
  const learner = structuredClone(network)
  const id = (at) => text[at % text.length]
  let state = zeroState(learner)
  for (let k = 0; k < updates; k += 1) {
    const places = Array.from({ length: T }, (_, t) => k * T + t)
    const found = windowOf(learner, places.map(id), places.map((at) => id(at + 1)), state)
    for (const [name, gradient] of Object.entries(found.gradients)) {
      learner.weights[name] = moved(learner.weights[name], gradient, rate)
    }
    if (carries) state = leftBy(learner, found)
  }
  return { network: learner, state }
}

function moved(weights, gradient, rate) {
  if (!Array.isArray(weights)) return weights - rate * gradient
  return weights.map((part, i) => moved(part, gradient[i], rate))
}
