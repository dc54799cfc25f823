"""How the tests of runs command them and read what came of it. Knows nothing of gates' insides."""

from core.records import RunStatus

ENDLESS = {"steps": 1_000_000, "report_every": 1_000_000}


def has(status, step=None):
    """A condition for `wait_until`."""
    return lambda shot: shot.status == status and step in (None, shot.step)


def occurred(shot, *kinds):
    """The steps and kinds of all events, or of these kinds."""
    return [(event.step, event.kind) for event in shot.events if not kinds or event.kind in kinds]


def steps_taken(run, gate):
    """Where a run that holds still stands. Its thread answers, so it is not at the gate."""
    step, _ = run.weights(timeout=20)
    assert gate.arrived == step
    return step


def pause_after(run, gate, step):
    """Pause while this step is being taken."""
    gate.stand_before(step)
    run.pause()
    gate.let(1)
    return run.wait_until(has(RunStatus.PAUSED, step))


def curves(shot):
    """All that training computed, without the clock."""
    columns = ("step", "characters_seen", "loss_nats", "grad_norm", "learning_rate")
    return (
        {name: shot.history.column(name).tolist() for name in columns},
        [(r.step, r.train_loss_nats, r.validation_loss_nats, r.sample) for r in shot.reports],
    )
