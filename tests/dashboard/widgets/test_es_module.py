"""Modules that import others become one script, and stay what they are."""

import base64

from dashboard.widgets.es_module import es_module


def test_what_a_module_imports_is_inside_and_so_is_what_that_imports(tmp_path):
    (tmp_path / "inner.js").write_text("export const one = 1\n")
    (tmp_path / "middle.js").write_text('export { one } from "./inner.js"\n')
    (tmp_path / "outer.js").write_text('import { one } from "./middle.js"\nconsole.log(one)\n')
    source = es_module(tmp_path / "outer.js")
    before, encoded, after = source.split('"')[0], source.split('"')[1], source.split('"')[2]
    assert (before, after) == ("import { one } from ", "\nconsole.log(one)\n")
    inside = base64.b64decode(encoded.removeprefix("data:text/javascript;base64,")).decode()
    assert inside.startswith('export { one } from "data:text/javascript;base64,')


def test_a_module_that_imports_nothing_is_left_as_it_is(tmp_path):
    (tmp_path / "alone.js").write_text('export const address = "./other.js"\n')
    assert es_module(tmp_path / "alone.js") == 'export const address = "./other.js"\n'
