"""A run as a script of plain PyTorch: about 60 lines that need torch and numpy only.

Knows nothing of the store: a row and its events go in, source code comes out. The script is
what one would write by hand with autograd. Its losses agree with the run's to about 1e-6 over a
hundred steps, except where training is chaotic: the article's Arch 1 from zero-mean weights makes
1e-2 of a difference of 1e-7 within fifty steps, in any two programs.
"""

from __future__ import annotations

from collections.abc import Sequence

from core.config import TrainingConfig
from core.data.alphabet import ACCENT, SPELLINGS
from core.data.latch import latch_of
from core.data.text8 import TEXT8
from core.records import Event, live_changes
from core.storage.rows import RunRow

_NORMALISE = """
def normalise(text):  # text8's rules: a to z, digits as words, everything else a space
    digits = "zero one two three four five six seven eight nine".split()
{accents}    text = text.encode("ascii", "replace").decode().lower()
    text = re.sub("[0-9]", lambda digit: f" {digits[int(digit[0])]} ", text)
    return re.sub("[^a-z]+", " ", text)

"""
_BUILTIN = (
    "from pydoc_data.topics import topics  # the English that comes with Python\n"
    + _NORMALISE.replace("{accents}", "")
    + """
text = normalise("\\n".join(topics[name] for name in sorted(topics)))
"""
)
_TEXT8 = f"""
text = Path("text8").read_text()  # unzip {TEXT8.url} here
"""
_LATCH = """
lag = {lag}  # a latch text: a key letter, fillers, the key again after `lag` characters, a space
draw = np.random.default_rng({seed})
blocks = np.full((200_000 // (lag + 2), lag + 2), ord(" "), np.uint8)
blocks[:, 0] = blocks[:, lag] = draw.choice(np.frombuffer(b"abcdefgh", np.uint8), len(blocks))
blocks[:, 1:lag] = draw.choice(np.frombuffer(b"wxyz", np.uint8), (len(blocks), lag - 1))
text = blocks.tobytes().decode()
"""
_ACCENTS = f"""\
    text = re.sub("{ACCENT}", "", unicodedata.normalize("NFD", text))  # accents off
    for letters, plain in {[(letters, plain) for plain, letters in SPELLINGS.items()]}:
        text = re.sub(f"[{{letters}}]", plain, text)
"""
_FILE = (
    _NORMALISE.replace("{accents}", _ACCENTS)
    + """
if not Path("text.txt").exists():
    raise SystemExit("Save the text that the run trained on as text.txt beside this script.")
text = normalise(Path("text.txt").read_text(encoding="utf-8-sig"))  # {title}
"""
)

_BUNDLED = """
text = Path("text.txt").read_text()  # {title}, normalised
"""

_CELLS = {
    ("arch1", "concat"): "torch.cat([U[x[t]], state @ W], 1) + b",
    ("arch1", "add"): "U[x[t]] + state @ W + b",
    ("arch1", "multiply"): "U[x[t]] * (state @ W) + b",
    ("arch2", "teacher"): "torch.cat([U[x[t]], W[x[t]]], 1) + b",  # p is the one-hot of x
    ("arch2", "stale"): "torch.cat([U[x[0]], W[x[t]]], 1) + b",  # U's input is the window's first
    ("arch2", "free"): "torch.cat([U[x[t]], state @ W], 1) + b",
}
_OPTIMISERS = {
    "sgd": "torch.optim.SGD(weights)",
    "adadelta": "torch.optim.Adadelta(weights, rho=0.95, eps=1e-8)",
    "adam": "torch.optim.Adam(weights, betas=(0.9, 0.999), eps=1e-8)",
}


def script_for(row: RunRow, events: Sequence[Event], *, bundled: bool = False) -> str:
    """The script of a run, live changes included.

    It prints a line a step: the step and its loss in nats. `python repeat.py 100` takes 100.

    Args:
        row: the run.
        events: what happened to it.
        bundled: whether the text lies beside the script as text.txt, normalised.
    """
    config = row.config
    text = _BUNDLED if bundled else _text(config)
    changes: dict[int, dict[str, float | None]] = {}
    for event in live_changes(events):
        changes.setdefault(event.step, {})[str(event.kind)] = event.value
    about = " ".join(f"{row.name}: {config.architecture}, {config.activation}".split())
    title = " ".join(row.text_title.split()) or "the text"
    return _TEMPLATE.format(
        about=about.replace("\\", "/").replace('"', "'"),
        regex="import re\n" if "re.sub" in text else "",
        unicode="import unicodedata\n" if "unicodedata" in text else "",
        path="from pathlib import Path\n" if "Path(" in text else "",
        text=text.replace("{title}", title).strip("\n"),
        c=config,
        changes=changes,
        mean=-0.1 if config.init == "published" else 0.0,
        hidden=config.hidden_size,
        back={"arch1": "H", "arch2": "27"}[config.architecture],
        block=_block(config),
        given=_GIVEN if row.given_weights else "",
        state="27" if config.architecture == "arch2" else "H",
        phi=config.activation,
        cell=_CELLS[
            config.architecture,
            config.combine
            if config.architecture == "arch1"
            else "stale"
            if config.inputs == "stale"
            else config.feedback,
        ],
        error=_ERROR if config.loss == "squared-error" else "",
        no_error="    error = 0.0\n" if config.loss == "squared-error" else "",
        descended="error" if config.loss == "squared-error" else "loss",
        after=_after(config),
        optimiser=_OPTIMISERS[config.optimiser],
    )


def _text(config: TrainingConfig) -> str:
    if config.text == "builtin":
        return _BUILTIN
    if config.text == "text8":
        return _TEXT8
    if drawn := latch_of(config.text):
        lag, seed = drawn
        return _LATCH.replace("{lag}", str(lag)).replace("{seed}", str(seed))
    return _FILE


def _block(config: TrainingConfig) -> str:
    if config.init not in ("orthogonal", "identity"):
        return ""
    block = "W[N:]" if (config.architecture, config.combine) == ("arch1", "concat") else "W"
    if config.init == "identity":
        return f"torch.nn.init.eye_({block})  # the recurrent block\n"
    return f"torch.nn.init.orthogonal_({block}, generator=random)  # the recurrent block\n"


def _after(config: TrainingConfig) -> str:
    if config.architecture == "arch1":
        return "state = h  # the hidden layer comes back"
    if config.feedback == "free":
        return "state = o.softmax(1)  # the network's own output comes back"
    return "pass  # the true output comes back: it is the next x"


_ERROR = """\
        error = error + (o.softmax(1) - torch.eye(27)[y[t]]).square().sum(1).mean() / T
"""
_GIVEN = (
    'raise SystemExit("This run began with weights from a file: put them into U, W, b, V, c '
    'here.")\n'
)

_TEMPLATE = '''"""{about}

Repeats a run of Unroll with torch and numpy only: python repeat.py [STEPS]
"""

{regex}import sys
{unicode}{path}
import numpy as np
import torch
{text}

characters = np.frombuffer(text.encode(), np.uint8)
ids = torch.from_numpy(np.where(characters == 32, 0, characters - 96).astype(np.int64))
ids = ids[: len(ids) - min(len(ids) // 20, 100_000)]  # the end is held out for validation

torch.set_num_threads(1)
B, T, N, H = {c.batch_size}, {c.unrollings}, {c.nodes}, {hidden}
random = torch.Generator().manual_seed({c.seed})


def drawn(*shape):  # a normal distribution, cut at two standard deviations
    values = torch.nn.init.trunc_normal_(torch.zeros(shape), a=-2, b=2, generator=random)
    return values.mul_(0.1).add_({mean})


U, V, W = drawn(27, N), drawn(H, 27), drawn({back}, N)
b, c = torch.zeros(H), torch.zeros(27)
{block}{given}weights = [weight.requires_grad_() for weight in (U, W, b, V, c)]
optimiser = {optimiser}

cursors = torch.arange(B) * (len(ids) // B)
carried = torch.zeros(B, {state})
learning_rate, clip = {c.learning_rate!r}, {c.clip!r}
changes = {changes!r}  # after a step: what changed live

for step in range(1, int(sys.argv[1] if len(sys.argv) > 1 else {c.steps}) + 1):
    live = changes.get(step - 1, {{}})
    learning_rate, clip = live.get("learning_rate", learning_rate), live.get("clip", clip)
    T = int(live.get("unrollings", T))
    places = (cursors + torch.arange(1, T + 2)[:, None]) % len(ids)
    x, y = ids[places[:-1]], ids[places[1:]]  # (T, B): characters, and the next ones
    cursors = (cursors + T) % len(ids)

    loss, state = 0.0, carried
{no_error}    for t in range(T):
        h = torch.{phi}({cell})
        o = h @ V + c
        loss = loss + torch.nn.functional.cross_entropy(o, y[t]) / T
{error}        {after}
    carried = state.detach()  # crosses windows, its gradient does not
    optimiser.zero_grad()
    {descended}.backward()

    norm = torch.cat([w.grad.flatten() for w in weights]).norm()
    if 0 < clip < norm:
        for weight in weights:
            weight.grad *= clip / norm
    rate = learning_rate * {c.decay_rate!r} ** ((step - 1) // {c.decay_steps})
    optimiser.param_groups[0]["lr"] = rate
    optimiser.step()
    print(step, loss.item())
'''
