"""Whatever comes from outside: a valid value or a sentence, never another exception.

Settings, links, weights, checkpoints, archives and texts, each from values that nobody thought of.
"""

import io
import json
import zipfile
from contextlib import closing, suppress

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.cli.main import main
from core.config import LiveSettings, TrainingConfig
from core.data.alphabet import SYMBOLS, normalise
from core.data.own_text import take
from core.data.uploads import ENCODINGS, read_text_bytes
from core.errors import ConfigError, StoreError, TextError, UnrollError, WeightsError
from core.experiments.plan import SweepPlan
from core.insight.diagnosis import diagnose
from core.links import MOST_EVENTS, events_from, from_query
from core.networks.initialisers import initial_parameters
from core.storage.checkpoints import Checkpoint, checkpoint_bytes, read_checkpoint
from core.storage.store import Store
from core.storage.stored_run import StoredRun, past_of
from core.storage.weights import load_weights_bytes, weights_bytes
from core.storage.zip_export import export_run
from core.storage.zip_import import import_run
from core.training.state import Past
from core.training.trainer import Trainer

few = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.sampled_from([10**400, -(10**20), 2**63, 1.5]),
    st.floats(),
    st.text(max_size=20),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=5,
)
NAMES = st.sampled_from([*TrainingConfig.model_fields])


def assert_sentence(error):
    """It can be printed in one line, and is not endless."""
    words = str(error)
    assert words.endswith(".")
    assert words.isprintable()
    assert len(words) < 2_500


def places(document, path=()):
    """The paths to all values within a document of JSON."""
    yield path
    inner = document.items() if isinstance(document, dict) else ()
    if isinstance(document, list):
        inner = enumerate(document[:3])
    for key, value in inner:
        yield from places(value, (*path, key))


def with_another_value(draw, document):
    """The document with any value in the place of one, or without it."""
    *path, last = draw(st.sampled_from(list(places(document))[1:]))
    changed = json.loads(json.dumps(document))
    holder = changed
    for key in path:
        holder = holder[key]
    if draw(st.integers(0, 3)):
        holder[last] = draw(VALUES)
    else:
        del holder[last]
    return changed


# -- settings, plans and links ---------------------------------------------------------------


@few
@given(st.dictionaries(st.one_of(NAMES, st.text(max_size=10)), VALUES, max_size=8))
def test_any_settings_are_a_configuration_or_a_sentence(values):
    for kind in (TrainingConfig, LiveSettings):
        try:
            assert kind.parse(values).changed() is not None
        except ConfigError as error:
            assert_sentence(error)


@few
@given(
    st.dictionaries(
        st.one_of(st.sampled_from([*SweepPlan.model_fields]), st.text(max_size=10)),
        VALUES,
        max_size=4,
    )
)
def test_any_plan_is_a_sweep_or_a_sentence(values):
    try:
        assert SweepPlan.parse(values).cell_count > 0
    except ConfigError as error:
        assert_sentence(error)


PARTS = st.lists(
    st.one_of(
        st.text(max_size=12),
        st.builds("{}-{}-{}".format, st.integers(), st.sampled_from(["clip", "nodes"]), SCALARS),
    ),
    max_size=4,
).map(" ".join)


@few
@given(st.dictionaries(st.one_of(NAMES, st.sampled_from(["v", "preset"])), st.text()), PARTS)
def test_any_link_is_an_experiment_with_its_live_changes(query, events):
    link = from_query({**query, "events": events})
    assert TrainingConfig.parse(link.config.model_dump()) == link.config
    assert len(link.events) <= MOST_EVENTS
    for problem in link.problems:
        assert_sentence(problem)
    with suppress(ConfigError):
        assert all(event.kind.live_change for event in events_from(events, link.config))


# -- weights and checkpoints -----------------------------------------------------------------


CONFIG = TrainingConfig(nodes=3, batch_size=2, unrollings=4, device="cpu")
WEIGHTS = weights_bytes(initial_parameters(CONFIG, seed=0), CONFIG)


def with_another_header(draw, data):
    """A safetensors file whose header says something else, its inner documents included."""
    end = 8 + int.from_bytes(data[:8], "little")
    # In one order, which the library does not keep.
    header = json.loads(json.dumps(json.loads(data[8:end]), sort_keys=True))
    metadata = header["__metadata__"]
    if draw(st.booleans()):
        inner = draw(st.sampled_from([name for name in metadata if metadata[name][0] == "{"]))
        changed = with_another_value(draw, json.loads(metadata[inner]))
        header["__metadata__"][inner] = json.dumps(changed)
    else:
        header = with_another_value(draw, header)
    text = json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + data[end:]


@few
@given(st.data())
def test_any_header_is_weights_or_a_sentence(data):
    damaged = with_another_header(data.draw, WEIGHTS)
    try:
        weights, config, _ = load_weights_bytes(damaged)
        assert {name: array.shape for name, array in weights.items()} == config.parameter_shapes
    except WeightsError as error:
        assert_sentence(error)


@few
@given(st.one_of(st.binary(max_size=60), st.binary(max_size=60).map(b"PK\x03\x04".__add__)))
def test_any_bytes_are_no_weights(data):
    with pytest.raises(WeightsError) as refused:
        load_weights_bytes(data)
    assert_sentence(refused.value)


EXTREMES = st.sampled_from([0.0, -0.0, 1e-45, 1.0, -30.0, 1e20, 3e38, -3e38])


@settings(few, max_examples=20)
@given(
    st.sampled_from(["arch1", "arch2"]),
    st.sampled_from(["concat", "add", "multiply"]),
    st.sampled_from(["tanh", "relu"]),
    st.sampled_from(["teacher", "free"]),
    st.lists(EXTREMES, min_size=5, max_size=5),
)
def test_any_weights_are_read_without_a_warning(
    capsys, tmp_path, architecture, combine, activation, feedback, values
):
    combine = "concat" if architecture == "arch2" else combine
    config = CONFIG.changed(
        architecture=architecture, combine=combine, activation=activation, feedback=feedback
    )
    weights = {
        name: np.full(shape, value, np.float32)
        for (name, shape), value in zip(config.parameter_shapes.items(), values, strict=True)
    }
    path = tmp_path / "w.safetensors"
    path.write_bytes(weights_bytes(weights, config))
    for command in ("sample --length=9", "surprise --text=word", "probe --text=latch:2 --lags=5"):
        for form in ([], ["--json"]):
            assert main([*command.split(), f"--weights={path}", *form]) in (0, 1)
            assert "Traceback" not in capsys.readouterr().err


@few
@given(st.data())
def test_any_header_is_a_checkpoint_to_go_on_from_or_a_sentence(corpus, data):
    checkpoint = Checkpoint(Trainer(CONFIG, corpus).state(), CONFIG, events=0)
    damaged = with_another_header(data.draw, checkpoint_bytes(checkpoint))
    try:
        found = read_checkpoint(damaged)
        past = Past(state=found.state, planned=found.state.planned)
        trainer = Trainer(found.config, corpus, past=past)
        trainer.go_on(past)
        assert trainer.step().step == found.state.step + 1
    except UnrollError as error:
        assert_sentence(error)


# -- archives --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """A run as a .zip."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("UNROLL_HOME", str(tmp_path_factory.mktemp("home")))
        line = "train --steps=12 --nodes=4 --batch-size=4 --unrollings=5 --report-every=6"
        assert main([*line.split(), "--probe-every=6", "--device=cpu", "--events=3-clip-1"]) == 0
        file = io.BytesIO()
        with closing(Store()) as store:
            export_run(store, store.runs()[0].id, file)
    return file.getvalue()


def with_another_part(draw, data):
    """The archive with one of its documents, or any bytes of a table, changed."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w") as new:
        parts = {name: old.read(name) for name in old.namelist()}
        name = draw(st.sampled_from(sorted(set(parts) - {"README.txt", "report.html"})))
        if name.endswith(".json"):
            changed = with_another_value(draw, json.loads(parts[name]))
            parts[name] = json.dumps(changed).encode()
        else:
            at = draw(st.integers(0, len(parts[name])))
            parts[name] = parts[name][:at] + draw(st.binary(max_size=9)) + parts[name][at + 3 :]
        for part, content in parts.items():
            new.writestr(part, content)
    return out.getvalue()


@few
@given(st.data())
def test_any_archive_is_a_run_that_can_be_looked_at_or_a_sentence(exported, data):
    damaged = with_another_part(data.draw, exported)
    with closing(Store()) as store:
        try:
            run_id = import_run(store, damaged)
        except StoreError as error:
            assert_sentence(error)
            return
        assert run_id in {row.id for row in store.runs()}
        assert store.damaged == ()
        snapshot = StoredRun(store, run_id).snapshot
        assert all(finding.title for finding in diagnose(snapshot))
        export_run(store, run_id, io.BytesIO())
        with suppress(UnrollError):
            assert past_of(store, run_id, steps=20)[0].steps == 20


# -- texts -----------------------------------------------------------------------------------


MAGICS = st.sampled_from([b"", b"\x1f\x8b", b"PK\x03\x04", b"PK\x05\x06", b"\xff\xfe"])


@few
@given(MAGICS, st.binary(max_size=200), st.sampled_from([*ENCODINGS]), st.text(max_size=100))
def test_any_bytes_are_a_text_or_a_sentence(magic, data, encoding, name):
    try:
        assert isinstance(read_text_bytes(magic + data, name, encoding=encoding), str)
    except TextError as error:
        assert_sentence(error)


@few
@given(st.text(), st.text(max_size=100))
def test_any_text_is_taken_or_a_sentence(raw, title):
    assert set(normalise(raw)) <= set(SYMBOLS)
    try:
        assert take(raw * 40, title).corpus.key.startswith("own:")
    except TextError as error:
        assert_sentence(error)


# -- the command line ------------------------------------------------------------------------


COMMANDS = [
    "train --no-store --steps=0 --device=cpu --nodes=",
    "train --no-store --steps=0 --device=cpu --nodes=4 --text=",
    "train --no-store --steps=0 --device=cpu --nodes=4 --events=",
    "train --no-store --steps=0 --device=cpu --nodes=4 --encoding=",
    "runs show -- ",
    "runs delete -- ",
    "runs import -- ",
    "sample --weights=",
    "surprise --text=word --weights=",
]


@few
@given(st.sampled_from(COMMANDS), st.text(max_size=60))
def test_any_option_is_obeyed_or_refused_in_one_line(capsys, command, value):
    *line, last = command.split(" ")
    try:
        status = main([*line, last + value])
    except SystemExit as ended:
        status = ended.code
    printed = capsys.readouterr()
    assert status in (0, 2)
    if status == 2:
        assert_sentence(printed.err.removesuffix("\n"))
