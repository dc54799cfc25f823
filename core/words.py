"""What the words of this project mean, each in a sentence or two of plain English.

Written once: a page shows a word's text where the word first appears and in its list of words, and
the command line may, too. Standard terms of the field are used in their standard sense.
"""

from __future__ import annotations

WORDS = {
    "clip": "A gradient whose global norm is larger than this is scaled down to it, its direction "
    "kept. 0 is off.",
    "echo": "The characters of a latch text that repeat an earlier one. Whoever guesses them "
    "remembers it.",
    "floor": "A loss that counting reaches: how often each character follows the last one, two or "
    "three, counted in the training part. A network below a floor predicts better than that "
    "counter; by what means is measured apart.",
    "global norm": "The length of the whole gradient, all weights together: the root of the sum of "
    "their squares.",
    "half-life": "Characters in which half of the gradient is lost.",
    "hidden state": "What a network carries from one character to the next, and from window to "
    "window: values cross, gradients stop.",
    "horizon": "The last lag that at least 1 % of the gradient of one loss reaches: now, on this "
    "text. What is trained there is not yet learned.",
    "lag": "How many characters back something lies.",
    "lane": "One setting in a race: one run, or one for each seed.",
    "latch text": "A made-up text in which a character has to be remembered over a known lag: the "
    "plainest test of memory.",
    "lockstep": "Whoever is furthest behind takes the next step, so that lanes are compared after "
    "the same characters, steps or seconds.",
    "logits": "The output before the softmax makes probabilities of it.",
    "nats": "The unit of a loss that is a natural logarithm. 0 is certain, 3.30 is guessing evenly "
    "among 27 characters; over ln 2, the same in bits.",
    "prime": "The text that the network reads before it writes.",
    "probe": "A measurement of how the gradient of one loss, at the end of a held-out text, fades "
    "on its way back.",
    "recall": "The share of a latch text's echoes that is guessed right.",
    "recorded": "Of a run or a sweep: it was made before, and comes with Unroll. It is nobody's "
    "own, and stays as it is.",
    "spectral radius": "The factor a step that the recurrent weights alone come to after many "
    "steps. Below 1 a gradient would fade in the end if nothing but them acted; slopes and gates "
    "change that.",
    "teacher forcing": "The true previous output comes back in place of the network's own.",
    "truncated BPTT": "Backpropagation through time that stops at the start of a window: "
    "a gradient goes T - 1 steps back at most.",
    "unrollings": "T, the characters of a window: so many copies of the network are trained at "
    "once, and a gradient reaches from the last of them to the first.",
    "zero-mean": "First weights that are drawn around 0, and not around -0.1 as the article's "
    "listing does.",
}
"""By the word, in alphabetical order."""
