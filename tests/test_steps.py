"""Tables of steps: made of records, joined, cut, and written as rows."""

import numpy as np
import pytest

from core.history import History
from core.records import StepRecord
from core.steps import CSV, KINDS, StepTable, clipped, columns_of, csv_rows, cut, joined

RECORDS = [
    StepRecord(1, 24, 3.25, 2.0, 1.25, True, 0.1, 0.5),
    StepRecord(2, 48, 3.0, 1.25, 1.25, False, 0.1, 0.75),
    StepRecord(3, 72, 2.5, 1e30, 1.25, True, 1 / 3, 1.0),
]


def test_records_become_columns_of_eight_bytes():
    columns = columns_of(RECORDS)
    assert list(columns) == list(KINDS)
    assert columns["step"].tolist() == [1, 2, 3]
    assert columns["learning_rate"].tolist() == [0.1, 0.1, 1 / 3]
    assert sum(column.nbytes for column in columns.values()) == 3 * 56


def test_no_records_are_an_empty_table():
    for empty in (columns_of(()), joined(())):
        assert {name: (len(column), column.dtype) for name, column in empty.items()} == {
            name: (0, kind) for name, kind in KINDS.items()
        }


def test_clipped_is_told_from_the_norms():
    assert clipped(columns_of(RECORDS)).tolist() == [True, False, True]


def test_what_is_cut_is_joined_again():
    columns = columns_of(RECORDS)
    parts = [cut(columns, slice(1)), cut(columns, columns["step"] > 1)]
    assert [len(part["step"]) for part in parts] == [1, 2]
    for name, column in joined(parts).items():
        np.testing.assert_array_equal(column, columns[name])


def test_a_table_is_written_as_its_records_are():
    assert CSV[:3] == ("step", "characters_seen", "loss_nats")
    assert next(iter(csv_rows(columns_of(RECORDS)))) == (1, 24, 3.25, 2.0, 1.25, 1, 0.1, 0.5)


def test_a_table_is_read_as_the_records_it_was_made_of():
    table = StepTable(columns_of(RECORDS))
    assert len(table) == 3
    assert list(table.records()) == RECORDS


@pytest.mark.parametrize("at", [0, 1, 3])
def test_a_history_takes_tables_and_records_alike(at):
    one, other = History(), History()
    for record in RECORDS:
        one.append(record)
    other.extend(columns_of(RECORDS[:at]))
    other.extend(columns_of(RECORDS[at:]))
    for name in KINDS:
        assert other.view().column(name).tolist() == one.view().column(name).tolist()
