"""How a thread has to be set up before it trains. Knows nothing of training."""

import torch


def prepare_thread() -> None:
    """Set up the calling thread for small networks; call it in each thread that trains."""
    # Products this small are faster on one thread, and several runs share the machine.
    torch.set_num_threads(1)
    # A vanishing gradient passes through numbers below 1e-38, with which a processor computes
    # up to thirty times slower. To training they are zero.
    torch.set_flush_denormal(True)
