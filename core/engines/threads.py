"""How a thread has to be set up before it trains. Knows nothing of training."""

from __future__ import annotations

from core.engines.engine import EngineName


def prepare_thread(engine: EngineName) -> None:
    """Set up the calling thread for small networks; call it in each thread that trains.

    The compiled engine needs nothing: it does on its own what torch is told here.
    """
    if engine == "compiled":
        return
    import torch

    # Products this small are faster on one thread, and several runs share the machine.
    torch.set_num_threads(1)
    # A vanishing gradient passes through numbers below 1e-38, with which a processor computes
    # up to thirty times slower. To training they are zero.
    torch.set_flush_denormal(True)
