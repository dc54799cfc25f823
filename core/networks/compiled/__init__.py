"""A window forward and back, and the update after it, compiled to machine code by numba.

The same networks as in `reference.py`, in loops and `np.dot`, many steps in one call that holds no
lock of Python's: other threads go on meanwhile. Read `reference.py` first; the symbols are its own.

    elementwise   φ and its slope, exp, softmax, sums: what goes number by number
    arch1, arch2  a window's loss and gradient
    update        the global norm, clipping, the optimisers
    reading       one character after the other: to measure a text, or to write one
    network       the arrays that all of this works on, and the way in from Python

What is compiled is kept on disk; `cache.py` says where, and for how long.
"""
