"""Weight files: what is written comes back, and everything else is refused in a sentence."""

import contextlib
import io
import json
import os
import pickle
import random
import struct
import zipfile

import numpy as np
import pytest
import safetensors.numpy
import safetensors.torch
import torch

from core.config import TrainingConfig
from core.errors import WeightsError
from core.networks.initialisers import initial_parameters
from core.storage.checkpoints import Checkpoint, checkpoint_bytes
from core.storage.weights import (
    LARGEST_FILE,
    load_weights,
    load_weights_bytes,
    save_weights,
    weights_bytes,
)
from core.training.trainer import Trainer

CONFIG = TrainingConfig(nodes=5, activation="relu", seed=3)


@pytest.fixture
def parameters():
    return initial_parameters(CONFIG, seed=0)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "weights.safetensors"


def metadata(**changes):
    given = {"unroll": "1", "config": CONFIG.model_dump_json(), **changes}
    return {name: value for name, value in given.items() if value is not None}


def refusal(action, *arguments, **named):
    with pytest.raises(WeightsError) as caught:
        action(*arguments, **named)
    message = str(caught.value)
    assert message.endswith(".")
    assert "\n" not in message
    assert len(message) < 600
    return message


def assert_same(first, second):
    assert list(first) == ["U", "W", "b", "V", "c"]
    for name, value in first.items():
        assert value.dtype == np.float32
        np.testing.assert_array_equal(value, second[name])


# What comes back


@pytest.mark.parametrize("architecture", ["arch1", "arch2"])
def test_saved_weights_come_back_exactly(path, architecture):
    config = CONFIG.changed(architecture=architecture)
    weights = initial_parameters(config, seed=1)
    save_weights(path, weights, config, extra={"step": "1200"})
    loaded, loaded_config, found = load_weights(path)
    assert_same(loaded, weights)
    assert loaded_config == config
    assert found == {"unroll": "1", "config": config.model_dump_json(), "step": "1200"}


def test_a_path_may_be_text(path, parameters):
    save_weights(str(path), parameters, CONFIG)
    assert_same(load_weights(str(path))[0], parameters)


def test_an_upload_reads_like_the_file(path, parameters):
    save_weights(path, parameters, CONFIG)
    loaded, config, _ = load_weights_bytes(path.read_bytes())
    assert_same(loaded, parameters)
    assert config == CONFIG
    assert_same(load_weights_bytes(weights_bytes(parameters, CONFIG))[0], parameters)


def test_loaded_weights_may_be_trained_on(parameters):
    loaded, _, _ = load_weights_bytes(weights_bytes(parameters, CONFIG))
    loaded["U"] += 1  # writable memory of its own
    np.testing.assert_array_equal(loaded["U"], parameters["U"] + 1)


def test_another_program_can_read_the_file(path, parameters):
    save_weights(path, parameters, CONFIG)
    with safetensors.safe_open(path, framework="np") as file:
        assert sorted(file.keys()) == ["U", "V", "W", "b", "c"]
        assert json.loads(file.metadata()["config"])["nodes"] == 5
        np.testing.assert_array_equal(file.get_tensor("W"), parameters["W"])


def test_float64_and_read_only_arrays_are_saved_too(parameters):
    arrays = {name: value.astype(np.float64) for name, value in parameters.items()}
    for array in arrays.values():
        array.flags.writeable = False
    assert_same(load_weights_bytes(weights_bytes(arrays, CONFIG))[0], parameters)


def test_views_of_larger_arrays_are_saved_in_their_own_order(parameters):
    views = {name: np.stack((value.T, value.T), -1).T[1] for name, value in parameters.items()}
    assert not any(view.flags.c_contiguous for view in views.values())
    assert_same(load_weights_bytes(weights_bytes(views, CONFIG))[0], parameters)


def test_five_bare_tensors_load_with_a_configuration(path, parameters):
    tensors = {name: torch.from_numpy(value) for name, value in parameters.items()}
    safetensors.torch.save_file(tensors, path, {"format": "pt"})
    loaded, config, found = load_weights(path, CONFIG)
    assert_same(loaded, parameters)
    assert config is CONFIG
    assert found == {"format": "pt"}
    safetensors.torch.save_file(tensors, path)
    assert load_weights(path, CONFIG)[2] == {}


def test_a_given_configuration_goes_before_the_files_own(path, parameters):
    save_weights(path, parameters, CONFIG)
    other = CONFIG.changed(activation="tanh", learning_rate=0.5)
    assert load_weights(path, other)[1] is other
    message = refusal(load_weights, path, CONFIG.changed(nodes=6))
    assert "U of shape 27×5 where 27×6 is expected" in message


# What is refused: the file


def test_a_missing_file_is_refused(path):
    assert "does not exist" in refusal(load_weights, path)


def test_a_folder_is_refused(tmp_path):
    assert "is a folder" in refusal(load_weights, tmp_path)


def test_a_device_is_refused():
    assert "not a regular file" in refusal(load_weights, os.devnull)


@pytest.mark.parametrize("name", ["a\0b", "x" * 5000])
def test_an_impossible_name_is_refused(tmp_path, parameters, name):
    with pytest.raises(WeightsError, match="cannot be read"):
        load_weights(tmp_path / name)
    with pytest.raises(WeightsError, match="cannot be written"):
        save_weights(tmp_path / name, parameters, CONFIG)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"U,W,b,V,c\n" * 50,
        struct.pack("<Q", 2**63) + b"{}",
        struct.pack("<Q", 4) + b"[1] ",
        struct.pack("<Q", 100) + b"{" * 100,
    ],
    ids=["empty", "text", "endless-header", "list-header", "nested-header"],
)
def test_what_is_not_safetensors_is_refused(path, data):
    path.write_bytes(data)
    assert "not a complete safetensors file" in refusal(load_weights, path)


def test_a_file_cut_anywhere_is_refused(parameters):
    data = weights_bytes(parameters, CONFIG)
    for length in range(0, len(data), 97):
        assert "not a complete" in refusal(load_weights_bytes, data[:length])
    assert "not a complete" in refusal(load_weights_bytes, data[:-1])
    assert "not a complete" in refusal(load_weights_bytes, data + b"\0")


def test_a_damaged_header_loads_or_is_refused_and_never_crashes(parameters):
    data = weights_bytes(parameters, CONFIG)
    header_end = 8 + int.from_bytes(data[:8], "little")
    chance = random.Random(0)
    for position in range(header_end):
        damaged = bytearray(data)
        damaged[position] = chance.choice(b'"\\{}[],:0 \xff\x00')
        with contextlib.suppress(WeightsError):
            loaded, config, _ = load_weights_bytes(bytes(damaged))  # it hit a setting's value
            assert {key: tuple(v.shape) for key, v in loaded.items()} == config.parameter_shapes


@pytest.mark.parametrize("zipped", [True, False])
def test_a_renamed_pickle_is_refused_by_name(path, parameters, zipped):
    torch.save(parameters, path, _use_new_zipfile_serialization=zipped)
    assert "PyTorch pickle" in refusal(load_weights, path)
    path.write_bytes(pickle.dumps({"U": [1.0]}))
    assert "PyTorch pickle" in refusal(load_weights, path)


def archive_of(**members):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in members.items():
            archive.writestr(name.replace("_", "."), content)
    return out.getvalue()


def test_the_export_of_a_run_is_no_pickle(parameters):
    exported = archive_of(config_json="{}", weights_safetensors=weights_bytes(parameters, CONFIG))
    assert "choose its weights.safetensors." in refusal(load_weights_bytes, exported)
    for other in (archive_of(notes_txt="words"), b"PK\x03\x04"):
        assert "is a .zip, and not a weight file" in refusal(load_weights_bytes, other)


@pytest.mark.parametrize("config", [None, CONFIG])
def test_a_checkpoint_is_told_from_weights(small, corpus, config):
    trainer = Trainer(small(), corpus)
    data = checkpoint_bytes(Checkpoint(trainer.state(), small(), events=0))
    sentence = refusal(load_weights_bytes, data, config)
    assert "is the checkpoint of a run, from which `python -m core runs resume` goes on" in sentence


def test_names_and_what_a_file_says_are_cut_and_stripped_of_control_codes(parameters):
    names = {**parameters, "\x1b[31m" + "x" * 9_000: np.zeros(1, np.float32)}
    data = safetensors.numpy.save(names, metadata())
    sentence = refusal(load_weights_bytes, data, name="\x07" + "n" * 9_000)
    assert len(sentence) < 250
    assert sentence.isprintable()
    many = json.dumps({f"setting {number}": 0 for number in range(1_000)})
    data = safetensors.numpy.save(parameters, metadata(config=many))
    assert "So it is with 995 more)" in refusal(load_weights_bytes, data)


def test_a_huge_file_is_refused_unread(path):
    with path.open("wb") as file:
        file.truncate(LARGEST_FILE + 2)  # sparse: takes no room on the disk
    assert "larger than 64 MB" in refusal(load_weights, path)


# What is refused: the tensors


@pytest.mark.parametrize("name", ["U", "W", "b", "V", "c"])
def test_a_missing_tensor_is_named(parameters, name):
    del parameters[name]
    data = safetensors.numpy.save(parameters, metadata())
    assert f"lacks {name};" in refusal(load_weights_bytes, data)


def test_an_additional_tensor_is_named(parameters):
    data = safetensors.numpy.save({**parameters, "bias": np.zeros(1, np.float32)}, metadata())
    assert "also holds bias;" in refusal(load_weights_bytes, data)
    data = safetensors.numpy.save({**parameters, "x" * 9000: np.zeros(1, np.float32)}, metadata())
    assert "also holds xxxx" in refusal(load_weights_bytes, data)


@pytest.mark.parametrize("name", ["U", "W", "b", "V", "c"])
def test_a_wrong_shape_is_named_with_both_shapes(parameters, name):
    expected = "×".join(map(str, parameters[name].shape))
    parameters[name] = np.zeros((2, 3, 4), np.float32)
    data = safetensors.numpy.save(parameters, metadata())
    message = refusal(load_weights_bytes, data, name="mine.safetensors")
    assert message.startswith("mine.safetensors has ")
    assert f"{name} of shape 2×3×4 where {expected} is expected" in message


def test_a_transposed_or_scalar_tensor_is_refused(parameters):
    turned = {**parameters, "V": np.ascontiguousarray(parameters["V"].T)}
    data = safetensors.numpy.save(turned, metadata())
    assert "V of shape 27×10 where 10×27" in refusal(load_weights_bytes, data)
    data = safetensors.numpy.save({**parameters, "c": np.array(1, np.float32)}, metadata())
    assert "c of shape () where 27" in refusal(load_weights_bytes, data)


@pytest.mark.parametrize(
    ("dtype", "label"),
    [
        (torch.float64, "F64"),
        (torch.float16, "F16"),
        (torch.bfloat16, "BF16"),
        (torch.int32, "I32"),
        (torch.float8_e4m3fn, "F8_E4M3"),
    ],
)
def test_another_dtype_is_refused(parameters, dtype, label):
    tensors = {name: torch.from_numpy(value) for name, value in parameters.items()}
    data = safetensors.torch.save({**tensors, "V": tensors["V"].to(dtype)}, metadata())
    assert f"holds V as {label}; convert" in refusal(load_weights_bytes, data)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
@pytest.mark.parametrize("name", ["U", "c"])
def test_values_that_are_not_finite_are_refused_by_tensor(parameters, name, value):
    parameters[name].flat[-1] = value
    data = safetensors.numpy.save(parameters, metadata())
    assert f"values in {name} that are not finite" in refusal(load_weights_bytes, data)


# What is refused: the metadata


def test_a_file_without_configuration_is_refused_unless_one_is_given(parameters):
    for missing in (None, {"format": "pt"}, metadata(config=None), metadata(unroll=None)):
        data = safetensors.numpy.save(parameters, missing)
        assert "does not say which configuration" in refusal(load_weights_bytes, data)
        assert load_weights_bytes(data, CONFIG)[1] is CONFIG


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "3",
        "[" * 100_000,
        '{"nodes": 0}',
        '{"nodes": NaN}',
        '{"colour": 1}',
        json.dumps({"nodes": "x" * 10_000}),
        json.dumps({"architecture": "arch2", "combine": "add"}),
    ],
    ids=range(10),
)
def test_a_bad_configuration_is_refused_unless_one_is_given(parameters, text):
    data = safetensors.numpy.save(parameters, metadata(config=text))
    assert "configuration that cannot be used" in refusal(load_weights_bytes, data)
    assert load_weights_bytes(data, CONFIG)[1] is CONFIG


def test_a_configuration_that_does_not_fit_its_own_tensors_is_refused(parameters):
    wide = CONFIG.changed(nodes=6).model_dump_json()
    data = safetensors.numpy.save(parameters, metadata(config=wide))
    assert "27×6 is expected (arch1, concat, nodes=6)" in refusal(load_weights_bytes, data)


@pytest.mark.parametrize("version", ["2", "10", "9" * 10_000])
def test_a_newer_format_is_refused_even_with_a_configuration(parameters, version):
    data = safetensors.numpy.save(parameters, metadata(unroll=version))
    assert "update Unroll" in refusal(load_weights_bytes, data, CONFIG)


@pytest.mark.parametrize("version", ["", "0", "one", "-1", "1.5", "²"])
def test_a_senseless_format_version_is_refused(parameters, version):
    data = safetensors.numpy.save(parameters, metadata(unroll=version))
    assert "as its format version" in refusal(load_weights_bytes, data, CONFIG)


# Writing


def test_weights_that_could_not_be_loaded_are_not_saved(path, parameters):
    for changed, message in [
        ({"U": np.zeros((27, 4))}, "U of shape 27×4 where 27×5"),
        ({"Q": np.zeros(1)}, "also holds Q"),
        ({"W": np.full((10, 5), np.nan)}, "values in W that are not finite"),
        ({"W": np.full((10, 5), 1e300)}, "values in W that are not"),
    ]:
        assert message in refusal(save_weights, path, {**parameters, **changed}, CONFIG)
    del parameters["b"]
    assert "lacks b" in refusal(save_weights, path, parameters, CONFIG)
    assert not path.exists()


def test_extra_metadata_cannot_hide_the_formats_own(parameters):
    with pytest.raises(ValueError, match="may not be called config"):
        weights_bytes(parameters, CONFIG, extra={"config": "{}"})


def test_saving_replaces_an_older_file_and_leaves_nothing_else(path, parameters):
    save_weights(path, parameters, CONFIG)
    changed = {name: value + 1 for name, value in parameters.items()}
    save_weights(path, changed, CONFIG)
    assert_same(load_weights(path)[0], changed)
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("broken", ["fsync", "replace"])
def test_a_failed_write_leaves_the_old_file_and_no_other(path, parameters, monkeypatch, broken):
    save_weights(path, parameters, CONFIG)
    before = path.read_bytes()

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, broken, full)
    changed = {name: value + 1 for name, value in parameters.items()}
    message = refusal(save_weights, path, changed, CONFIG)
    assert "cannot be written (No space left on device)" in message
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


def test_an_interrupted_write_leaves_the_old_file_and_no_other(path, parameters, monkeypatch):
    save_weights(path, parameters, CONFIG)
    before = path.read_bytes()

    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        save_weights(path, parameters, CONFIG)
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


def test_an_unwritable_target_is_refused(tmp_path, parameters):
    file = tmp_path / "file"
    file.write_text("x")
    (tmp_path / "folder").mkdir()
    for target in (tmp_path / "nowhere" / "w", file / "w", tmp_path / "folder", "", "/"):
        assert "cannot be written" in refusal(save_weights, target, parameters, CONFIG)
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["file", "folder"]
