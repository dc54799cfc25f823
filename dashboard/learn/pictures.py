"""The pictures of the page Learn, in the order in which they are told.

A further one is a file with a function that draws it, and an entry here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from dashboard.learn.mega_batch import own_mega_batch
from dashboard.learn.one_step import one_step
from dashboard.learn.product_of_slopes import product_of_slopes
from dashboard.learn.toy import Ask
from dashboard.learn.unroll_and_cut import unroll_and_cut
from dashboard.learn.whose_output import whose_output


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture, and what is said beside it."""

    name: str  # in links
    title: str
    sentences: str  # two, as Markdown
    draw: Callable[[Ask | None], None]  # with what puts its question to a room


PICTURES = (
    Picture(
        "step",
        "One step in numbers",
        "A network reads a letter, adds what comes back from the step before, and says how likely "
        "each letter is next. Backward, the same numbers say how the loss would change with each "
        "weight: every one of them is a sum of products, and the sum is there to be read.",
        one_step,
    ),
    Picture(
        "unroll",
        "Unroll and cut",
        "The loop is pulled apart into one copy a letter, all with the same W, and the text is cut "
        "into windows of T letters. What the network carries crosses the cut, a gradient does not: "
        "each loss reaches back to the beginning of its window, and no further.",
        unroll_and_cut,
    ),
    Picture(
        "slopes",
        "Product of slopes",
        "On its way back through one step a gradient is multiplied by the weight w and by the "
        "slope φ′ where φ works. Over k steps that is |w φ′| to the power of k, and it fades or "
        "grows exponentially.",
        product_of_slopes,
    ),
    Picture(
        "output",
        "Whose output comes back",
        "Arch 2 is given back its previous output; teacher forcing puts the true one in its place, "
        "and that is the letter which is read anyway, so no step depends on the one before. The "
        "article's listing of Arch 2 draws from the softmax of a softmax, where one is meant.",
        whose_output,
    ),
    Picture(
        "batch",
        "Cursors and the mega batch",
        "A text is cut into B segments, and a cursor reads each of them from its beginning: "
        "together they fill a grid of T × B characters, a window. What is carried goes on where "
        "the same cursor stopped, so the layout of the grid decides whether it belongs there.",
        own_mega_batch,
    ),
)
"""What the page offers to choose from."""
