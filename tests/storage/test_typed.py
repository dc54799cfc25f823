"""Records out of damaged files are held against their types."""

from dataclasses import replace

import pytest

from core.records import ContextRecord, Event, EventKind, Report
from core.storage.typed import typed

REPORT = Report(10, 800, 1.5, None, 2.25, "the cat")


@pytest.mark.parametrize(
    "record",
    [
        REPORT,
        replace(REPORT, seconds=1, train_loss_nats=2.5),  # an integer is a number, too
        Event(3, EventKind.CLIP, 0.5),
        ContextRecord(5, (2.0, 1.5), 1.25),
    ],
)
def test_a_record_of_the_right_types_is_itself(record):
    assert typed(record) is record


@pytest.mark.parametrize(
    ("record", "name"),
    [
        (replace(REPORT, step="10"), "step"),
        (replace(REPORT, step=1.5), "step"),
        (replace(REPORT, validation_loss_nats=None), "validation_loss_nats"),
        (replace(REPORT, sample=b"the cat"), "sample"),
        (ContextRecord(5, (2.0, "x"), 1.25), "loss_nats"),
        (ContextRecord(5, 2.0, 1.25), "loss_nats"),
    ],
)
def test_a_field_of_another_type_is_named(record, name):
    with pytest.raises(ValueError, match=f"^{name} is damaged$"):
        typed(record)
