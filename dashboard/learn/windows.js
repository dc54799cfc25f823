// Which character of a text each cell of a T × B window reads, and whose state comes with it.
// Plain numbers: knows no page. `cursors` is what core/data/windows.py reads; a test holds one
// against the other. Windows k, steps t, columns b and positions count from 0; `sizes` is
// { length, B, T }.

export const layouts = {
  // Every column is a cursor that walks on from where it stood, through a segment of its own.
  cursors: ({ length, B, T }, k, t, b) => (b * Math.floor(length / B) + 1 + k * T + t) % length,
  // Every column of every window is the next slice of T: slices follow one another along B.
  slices: ({ length, B, T }, k, t, b) => ((k * B + b) * T + 1 + t) % length,
}

// T rows of B cells: the `position` that each reads; the position `from` whose state it is given,
// null where that is the zeros of the start; whether that state `fits`, which is to say that it
// was left by the character before.
export function windowOf(layout, sizes, k) {
  const { length, B, T } = sizes
  const read = (k, t, b) => layouts[layout](sizes, k, t, b)
  const carried = (b) => (k > 0 ? read(k - 1, T - 1, b) : null)
  return range(T).map((t) => range(B).map((b) => {
    const position = read(k, t, b)
    const from = t > 0 ? read(k, t - 1, b) : carried(b)
    return { position, from, fits: from === null || (from + 1) % length === position }
  }))
}

// The first window in which the last cursor goes on at the start of the text.
export function wrappingWindow({ length, B, T }) {
  const left = length - (B - 1) * Math.floor(length / B)
  return Math.ceil(left / T) - 1
}

export function updatesPerPass({ length, B, T }) {
  return length / (B * T)
}

export function range(count) {
  return Array.from({ length: count }, (_, i) => i)
}
