"""`python -m core sample` and `surprise`: what they print, and how they refuse."""

import json
import math

import numpy as np
import pytest
import torch

from core.cli.main import main
from core.config import TrainingConfig
from core.data.alphabet import SYMBOLS, decode, encode
from core.networks import reference
from core.networks.initialisers import initial_parameters
from core.storage.weights import save_weights

CONFIGS = {
    "arch1": TrainingConfig(nodes=12),
    "add": TrainingConfig(nodes=12, combine="add", activation="relu"),
    "arch2": TrainingConfig(nodes=12, architecture="arch2"),
    "free": TrainingConfig(nodes=12, architecture="arch2", feedback="free"),
}


def weights_of(config):
    return {name: 4 * value for name, value in initial_parameters(config, seed=4).items()}


@pytest.fixture
def files(tmp_path):
    for name, config in CONFIGS.items():
        save_weights(tmp_path / name, weights_of(config), config)
    return tmp_path


@pytest.fixture
def core(files, capsys):
    """Run a command on one of the files; returns exit status, stdout and stderr."""

    def run(command, *arguments, weights="arch1"):
        line = [command, "--weights", files / weights, *arguments]
        try:
            status = main([str(argument) for argument in line])
        except SystemExit as end:
            status = end.code
        printed = capsys.readouterr()
        return status, printed.out, printed.err

    return run


def logits_of(config, text):
    """The reference's logits after each character, `(L, V)`, from a zero state."""
    weights = {name: torch.from_numpy(value) for name, value in weights_of(config).items()}
    inputs = torch.from_numpy(encode(text).astype(np.int64))[:, None]
    state = reference.initial_state(config, 1, weights["U"])
    return reference.window(weights, config, inputs, inputs, state).logits[:, 0]


# -- sample ----------------------------------------------------------------------------------


def test_the_same_seed_writes_the_same_text(core):
    status, first, complaint = core("sample", "--length=300", "--seed=7")
    assert (status, complaint) == (0, "")
    assert len(first) == 301
    assert set(first) <= set(SYMBOLS + "\n")
    assert core("sample", "--length=300", "--seed=7")[1] == first
    assert core("sample", "--length=300", "--seed=8")[1] != first


@pytest.mark.parametrize("name", CONFIGS)
def test_temperature_0_takes_the_references_likeliest_at_every_character(core, name):
    arguments = ("--temperature=0", "--length=120", "--prime=The 2")
    text = core("sample", *arguments, weights=name)[1].removesuffix("\n")
    assert text.startswith("the two ")
    likeliest = logits_of(CONFIGS[name], text).argmax(1)
    assert text[8:] == decode(likeliest[7:-1].numpy())


def test_several_texts_are_those_of_the_seeds_that_follow(core):
    many = core("sample", "--count=3", "--seed=4")[1].splitlines()
    alone = [core("sample", f"--seed={seed}")[1].removesuffix("\n") for seed in (4, 5, 6)]
    assert many == alone


def test_a_text_that_ends_early_is_done_in_part(core, files):
    config = CONFIGS["arch1"]
    huge = {name: np.full_like(value, 3e38) for name, value in weights_of(config).items()}
    save_weights(files / "huge", huge, config)
    status, _, complaint = core("sample", "--length=30", weights="huge")
    assert (status, complaint) == (
        1,
        "The network's outputs grew past every finite number: a text ends.\n",
    )


def test_json_holds_the_texts_and_how_they_were_drawn(core):
    arguments = ["--length=30", "--temperature=0.5", "--top-k=9", "--top-p=0.9", "--seed=3"]
    _, out, err = core("sample", *arguments, "--prime=ж A", "--count=2", "--json")
    assert err == "The prime was read as ' a'.\n"
    said = json.loads(out)
    texts = said.pop("samples")
    assert [len(text) for text in texts] == [30, 30]
    assert all(text.startswith(" a") for text in texts)
    assert said == {
        "prime": " a",
        "length": 30,
        "temperature": 0.5,
        "top_k": 9,
        "top_p": 0.9,
        "as_published": False,
        "seed": 3,
        "count": 2,
        "fed_back": None,
    }


def test_arch2_can_be_fed_either_and_drawn_from_as_published(core):
    def write(*arguments):
        return json.loads(core("sample", "--json", *arguments, weights="arch2")[1])

    own = write()
    assert own["fed_back"] == "character"
    assert write("--fed-back=character")["samples"] == own["samples"]
    assert write("--fed-back=distribution")["samples"] != own["samples"]
    assert write("--as-published")["samples"] != own["samples"]


@pytest.mark.parametrize(
    ("argument", "sentence"),
    [
        ("--temperature=3", "temperature=3 is not allowed: choose a number from 0 to 2."),
        ("--top-k=40", "top_k=40 is not allowed: choose a whole number from 0 (all) to 27."),
        ("--top-p=0", "top_p=0 is not allowed: choose a number above 0, up to 1 (all)."),
        ("--length=0", "length=0 is not allowed: choose a whole number from 1 to 1,000,000."),
        ("--count=-1", "count=-1 is not allowed: choose a whole number from 1 to 50,000."),
        ("--seed=-1", "seed=-1 is not allowed: choose a whole number from 0 to 4,294,967,295."),
        (
            "--prime=" + "a" * 200,
            "length=200 leaves nothing to write after a prime of 200 characters: "
            "choose 201 or more.",
        ),
    ],
)
def test_what_is_not_allowed_is_refused_in_a_sentence(core, argument, sentence):
    assert core("sample", argument) == (2, "", sentence + "\n")


@pytest.mark.parametrize("command", [("sample",), ("surprise", "--text=ab")])
def test_arch1_has_nothing_to_choose_for_what_is_fed_back(core, files, command):
    status, _, complaint = core(*command, "--fed-back=character")
    assert status == 2
    assert complaint == (
        f"fed_back=character is for Arch 2 only and {files / 'arch1'} holds an Arch 1: "
        "leave it out.\n"
    )


@pytest.mark.parametrize("command", [("sample",), ("surprise", "--text=ab")])
def test_a_file_that_is_not_there_or_no_weight_file_is_refused(core, files, command):
    status, _, complaint = core(*command, weights="nothing")
    assert (status, complaint.count("\n")) == (2, 1)
    assert "does not exist" in complaint
    (files / "bad").write_bytes(b"<script>")
    status, _, complaint = core(*command, weights="bad")
    assert (status, complaint.count("\n")) == (2, 1)
    assert "is not a complete safetensors file" in complaint


# -- surprise --------------------------------------------------------------------------------


@pytest.mark.parametrize("name", CONFIGS)
def test_surprise_sums_to_the_references_log_likelihood(core, name):
    text = "the quick brown fox jumps over the lazy dog and comes to rest"
    said = json.loads(core("surprise", f"--text={text}", "--json", weights=name)[1])
    log_chances = torch.log_softmax(logits_of(CONFIGS[name], text).double(), 1)
    targets = torch.from_numpy(encode(text)[1:].astype(np.int64))
    expected = float(log_chances[:-1].gather(1, targets[:, None]).sum())
    assert said["log_likelihood_nats"] == pytest.approx(expected, rel=1e-5)
    first, *others = (entry["bits"] for entry in said["characters"])
    assert first is None
    assert -sum(others) * math.log(2) == pytest.approx(said["log_likelihood_nats"], rel=1e-12)
    assert said["bits_per_character"] == pytest.approx(sum(others) / len(others), rel=1e-12)
    assert "".join(entry["character"] for entry in said["characters"]) == said["text"] == text


def test_surprise_reads_the_text_normalised(core):
    said = json.loads(core("surprise", "--text=Für <b>4", "--json")[1])
    assert said["text"] == "fur b four "


def test_surprise_in_plain_words(core):
    status, answer, _ = core("surprise", "--text=the lazy dog")
    assert status == 0
    first, second, _, text, marks = answer.splitlines()
    assert first.endswith("bits per character over 11 characters")
    assert second.startswith("log-likelihood -")
    assert text == "the lazy dog"
    assert len(marks) == 12
    assert marks[0] == " "


@pytest.mark.parametrize("text", ["", "a"])
def test_a_text_with_nothing_to_predict_is_refused(core, text):
    status, answer, complaint = core("surprise", f"--text={text}")
    assert (status, answer) == (2, "")
    assert complaint == (
        f"A surprise needs a character to read and one to predict; this text has {len(text)}: "
        "give at least 2.\n"
    )
