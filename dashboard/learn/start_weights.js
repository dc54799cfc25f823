// The weights that a small network begins with: numbers that a seed fixes. Pure; knows no page.

// Two decimals each, between -1 and 1. The biases are positive, so that most ReLU units are on.
export function startWeights({ architecture, combine }, letters, nodes, seed) {
  const draw = uniform(seed)
  const vector = (size) => Array.from({ length: size }, () => Math.round(200 * draw() - 100) / 100)
  const matrix = (rows, columns) => Array.from({ length: rows }, () => vector(columns))
  const biases = (size) => vector(size).map((value) => Math.round(50 * Math.abs(value)) / 100)
  const hidden = combine === "concat" ? 2 * nodes : nodes
  return {
    U: matrix(letters, nodes),
    W: matrix(architecture === "arch1" ? hidden : letters, nodes),
    b: biases(hidden),
    V: matrix(hidden, letters),
    c: biases(letters),
  }
}

// Numbers from 0 to 1 that a seed fixes (mulberry32).
function uniform(seed) {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}
