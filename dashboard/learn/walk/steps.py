"""The eight steps of the walk, in the order of a lecture of 45 minutes.

A further one is an entry here, with its question, its picture and what was measured.
"""

from __future__ import annotations

from dashboard.learn.one_step import one_step
from dashboard.learn.walk import endings, horizon, latch, repair, target, texts
from dashboard.learn.walk.questions import Outcome, OwnTrace, Prediction
from dashboard.learn.walk.step import Answered, Step


def _one_step(answered: Answered) -> None:
    one_step(walk=True)


def _by_the_picture(prediction: Prediction) -> Outcome | None:
    return None


STEPS = (
    Step(
        name="texts",
        title="What counting knows",
        minutes=(0, 4),
        sentences="A floor is the loss of a counter, in nats a character: how often each follows "
        "the last one (bigram: 2 characters counted) or the last two (trigram: 3). A loss says "
        "little until it stands beside the floors of its own text.",
        question=texts.question,
        draw=texts.draw,
        outcome=texts.outcome,
    ),
    Step(
        name="trace",
        title="One step in numbers",
        minutes=(4, 11),
        sentences="A network reads a letter, adds what comes back from the step before, and says "
        "how likely each letter is next. Choose a number, and it unfolds into the sum behind it.",
        question=OwnTrace,
        draw=_one_step,
        outcome=_by_the_picture,
    ),
    Step(
        name="t1",
        title="Unroll and cut",
        minutes=(11, 19),
        sentences="The loop is pulled apart into copies, and the text is cut into windows of T "
        "letters: the state crosses a cut, a gradient does not. Drag the cut to "
        "T\u00a0=\u00a01, and no gradient is left that goes from one step to another.",
        question=endings.t1_question,
        draw=endings.t1_draw,
        outcome=endings.t1_outcome,
    ),
    Step(
        name="horizon",
        title="Product of slopes",
        minutes=(19, 26),
        sentences="In a network of one unit, a gradient on its way back through one step is "
        "multiplied by the weight w and by the slope φ′. With the same slope at k steps that is "
        "|w φ′| to the power of k; the horizon is the last lag that 1 % of it reaches.",
        question=horizon.question,
        draw=horizon.draw,
        outcome=horizon.outcome,
    ),
    Step(
        name="latch",
        title="A known dependency",
        minutes=(26, 30),
        sentences="In a latch text one letter is known only to who remembers the key: its echo. "
        "All else is drawn at random or follows from the place in the block, so the loss itself "
        "says whether a network remembers.",
        question=latch.question,
        draw=latch.draw,
        outcome=latch.outcome,
        trains=latch.trains,
        repeats=latch.repeats,
    ),
    Step(
        name="arch2",
        title="Whose output comes back",
        minutes=(30, 35),
        sentences="Arch 2 is given back its previous output, and teacher forcing puts the true one "
        "in its place: the letter that should have come. Look at what the two inputs of a step "
        "are, on and off.",
        question=endings.arch2_question,
        draw=endings.arch2_draw,
        outcome=endings.arch2_outcome,
    ),
    Step(
        name="repair",
        title="Find the cause",
        minutes=(35, 40),
        sentences="This is the article's first network as it was published, ReLU with Adadelta. It "
        "trains, its loss falls, and something is wrong with it.",
        question=repair.question,
        draw=repair.draw,
        outcome=repair.outcome,
        trains=repair.trains,
    ),
    Step(
        name="target",
        title="Your own run",
        minutes=(40, 45),
        sentences="A network that predicts better than counting 3 characters (the trigram line) "
        "need not be large. Count how large it may be, and train one.",
        question=target.question,
        draw=target.draw,
        outcome=target.outcome,
        below=target.below,
    ),
)
"""What the walk goes through."""
