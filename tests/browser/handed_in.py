"""What a teacher downloads of what a class has handed in. Knows no class."""

import csv
import io
import zipfile


def downloaded(press, page):
    """The rows of `people.csv`, and each run's archive by its id.

    Args:
        press: presses the button that downloads.
        page: where it is.
    """
    with page.expect_download() as packed:
        press()
    with zipfile.ZipFile(packed.value.path()) as archive:
        text = archive.read("people.csv").decode("utf-8-sig")
        rows = list(csv.DictReader(io.StringIO(text, newline="")))
        runs = {row["runs"]: archive.read(f"runs/{row['runs']}.zip") for row in rows if row["runs"]}
    return rows, runs
