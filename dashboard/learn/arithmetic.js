// The arithmetic of the pictures: one window of a small network forward and back, a product of
// slopes, and one softmax after another. Pure functions in double precision; knows no page. `core/networks/reference.py` is the
// specification, and a test holds this against it.
//
// A network is { architecture, combine, feedback, activation, weights: { U, W, b, V, c } }, its
// names and letters those of the reference, its weights plain arrays. There is one text, B = 1.
// "back" is what comes back from the step before: h (Arch 1), the true output y or the own output p
// (Arch 2).

export function windowOf(network, inputs, targets, state) {
  const steps = forward(network, inputs, targets, state)
  const share = 1 / steps.length
  const loss = share * sum(steps.map((step) => step.loss))
  return { steps, loss, gradients: backward(network, steps, steps.map(() => share)) }
}

// Step by step, the gradient of the last step's loss alone by the hidden layer h.
export function lastLossByHidden(network, inputs, targets, state) {
  const steps = forward(network, inputs, targets, state)
  backward(network, steps, steps.map((_, t) => (t === steps.length - 1 ? 1 : 0)))
  return steps.map((step) => step.d.h)
}

// What comes back at the first step of all.
export function zeroState({ weights }) {
  return weights.W.map(() => 0)
}

export function comesBack({ architecture, feedback }) {
  if (architecture === "arch1") return "h"
  return feedback === "teacher" ? "y" : "p"
}

export function slope(activation, h) {
  if (activation === "tanh") return 1 - h * h
  return h > 0 ? 1 : 0
}

export function activate(activation, z) {
  return activation === "tanh" ? Math.tanh(z) : Math.max(0, z)
}

// By how much one recurrent weight w changes a gradient over k = 0 ... lags steps, where φ works at
// the same z in each: |w φ'(z)|^k.
export function slopeProducts(activation, w, z, lags) {
  const factor = Math.abs(w * slope(activation, activate(activation, z)))
  const products = [1]
  for (let k = 1; k <= lags; k += 1) products.push(products[k - 1] * factor)
  return products
}

// The last lag with at least 1 % of what there is at lag 0, as `core/insight/decay.py` says it.
export function horizonOf(flow) {
  return flow.findLastIndex((value) => value >= 0.01 * flow[0])
}

// Of logits that are multiplied by a factor: their softmax, and the softmax of that once more.
export function softmaxes(logits, factor) {
  const once = softmax(logits.map((o) => factor * o))
  return { once, twice: softmax(once) }
}

// The most that a second softmax gives to one of so many symbols: what it is given is 1 for this
// one and 0 for every other.
export function ceilingOfTwo(symbols) {
  return Math.E / (Math.E + symbols - 1)
}

function forward(network, inputs, targets, state) {
  const { combine, activation, weights: { U, W, b, V, c } } = network
  const kind = comesBack(network)
  let carried = state
  return inputs.map((x, t) => {
    const back = kind === "y" ? oneHot(x, W.length) : carried
    const xU = U[x]
    const backW = times(back, W)
    const z = joined(combine, xU, backW).map((value, i) => value + b[i])
    const h = z.map((value) => activate(activation, value))
    const o = times(h, V).map((value, k) => value + c[k])
    const p = softmax(o)
    carried = kind === "h" ? h : p
    // The logarithm of p itself would be lost where p is 0.
    const loss = logSumExp(o) - o[targets[t]]
    return { x, y: targets[t], back, xU, backW, z, h, o, p, loss }
  })
}

// Adds to each step its gradients `d`, and returns those of the weights: of the sum of the steps'
// losses, each multiplied by its share. `d.p` is what reaches p from the next step; `d.backW` is of
// the product of back and W.
function backward(network, steps, shares) {
  const { combine, activation, weights: { U, W, b, V, c } } = network
  const kind = comesBack(network)
  const gradients = {
    U: zerosLike(U), W: zerosLike(W), b: b.map(() => 0), V: zerosLike(V), c: c.map(() => 0),
  }
  let later = null // what arrives from the step after
  for (const [step, share] of steps.map((step, t) => [step, shares[t]]).reverse()) {
    const d = {}
    d.o = step.p.map((p, k) => share * (p - (k === step.y ? 1 : 0)))
    d.p = step.p.map((_, k) => (kind === "p" && later ? later[k] : 0))
    const mean = dot(d.p, step.p)
    d.o = d.o.map((value, k) => value + step.p[k] * (d.p[k] - mean))
    d.h = V.map((row, i) => dot(row, d.o) + (kind === "h" && later ? later[i] : 0))
    d.z = d.h.map((value, i) => value * slope(activation, step.h[i]))
    Object.assign(d, parted(combine, d.z, step))
    later = W.map((row) => dot(row, d.backW))
    step.d = d
    add(gradients.U[step.x], d.xU)
    gradients.W.forEach((row, j) => add(row, d.backW, step.back[j]))
    add(gradients.b, d.z)
    gradients.V.forEach((row, i) => add(row, d.o, step.h[i]))
    add(gradients.c, d.o)
  }
  return gradients
}

function joined(combine, xU, backW) {
  if (combine === "concat") return [...xU, ...backW]
  return xU.map((value, i) => (combine === "add" ? value + backW[i] : value * backW[i]))
}

function parted(combine, dz, { xU, backW }) {
  if (combine === "concat") return { xU: dz.slice(0, xU.length), backW: dz.slice(xU.length) }
  if (combine === "add") return { xU: dz, backW: dz }
  return {
    xU: dz.map((value, i) => value * backW[i]), backW: dz.map((value, i) => value * xU[i]),
  }
}

function softmax(o) {
  const total = logSumExp(o)
  return o.map((value) => Math.exp(value - total))
}

function logSumExp(o) {
  const most = Math.max(...o) // without it the exponentials of large logits are infinite
  return most + Math.log(sum(o.map((value) => Math.exp(value - most))))
}

function times(vector, matrix) {
  return matrix[0].map((_, j) => sum(vector.map((value, i) => value * matrix[i][j])))
}

function oneHot(id, size) {
  return Array.from({ length: size }, (_, i) => (i === id ? 1 : 0))
}

function zerosLike(matrix) {
  return matrix.map((row) => row.map(() => 0))
}

function add(target, values, factor = 1) {
  values.forEach((value, i) => { target[i] += factor * value })
}

function dot(a, b) {
  return sum(a.map((value, i) => value * b[i]))
}

function sum(values) {
  return values.reduce((total, value) => total + value, 0)
}
