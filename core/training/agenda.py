"""What a trainer does beside its steps, and after which of them. Knows no network and no text."""

from __future__ import annotations

from collections.abc import Sequence

from core.config import TrainingConfig
from core.records import Event


class Agenda:
    """Which steps come with a probe, a report, context curves or a change of settings.

    All is asked of the step that is done, not of the loop that takes steps: a trainer that was
    saved between a step and its probe or report makes that one when it goes on.

    Args:
        config: says how often.
        contexts: whether context curves are measured at all.

    Attributes:
        planned: changes of live settings that are still to come, in their order.
        reported_step: of the last report, if there is one.
        probed_step: of the last probe, if there is one.
    """

    def __init__(self, config: TrainingConfig, contexts: bool) -> None:
        self._config = config
        self._contexts = contexts
        self.planned: tuple[Event, ...] = ()
        self.reported_step: int | None = None
        self.probed_step: int | None = None

    def plan(self, events: Sequence[Event]) -> None:
        """Make these changes, each after its event's step, and no other ones."""
        self.planned = tuple(sorted(events, key=lambda event: event.step))

    def next_change(self, step: int) -> Event | None:
        """Take a change off the plan whose step is done, if there is one."""
        if not self.planned or self.planned[0].step > step:
            return None
        event, self.planned = self.planned[0], self.planned[1:]
        return event

    def is_probed(self, step: int) -> bool:
        """Whether a probe comes after this step, which is looked at for it."""
        return self._config.probe_every > 0 and step % self._config.probe_every == 0

    def probe_due(self, step: int) -> bool:
        """Whether that probe is still to be made."""
        return self.is_probed(step) and step != self.probed_step

    def report_due(self, step: int) -> bool:
        """Whether a report comes after this step and is still to be made."""
        if step == self.reported_step:
            return False
        return step % self._config.report_every == 0 or step == self._config.steps

    def is_context_measured(self, step: int) -> bool:
        """Whether context curves come with the report after this step.

        After the first report, the second, the fourth, ... and at the end: each costs as much as
        some seventy steps, and what it shows changes ever more slowly. The step's number alone
        decides, so that a run that is trained again measures the same.
        """
        if not self._contexts:
            return False
        reports, rest = divmod(step, self._config.report_every)
        if step == self._config.steps:
            return step > 0
        return rest == 0 and reports.bit_count() == 1

    def free_steps(self, step: int) -> int:
        """How many steps may be taken at once before something else comes, at least one."""
        ends = [self._config.steps, _after(step, self._config.report_every)]
        if self._config.probe_every:
            # A step that is looked at is taken alone, so those before it end where it begins.
            looked_at = _after(step, self._config.probe_every)
            ends.append(looked_at if looked_at == step + 1 else looked_at - 1)
        if self.planned:
            ends.append(self.planned[0].step)
        return max(1, min(ends) - step)


def _after(step: int, every: int) -> int:
    """The first multiple of `every` after a step."""
    return (step // every + 1) * every
