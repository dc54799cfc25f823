"""Who may import whom: read from the source, so that a late import counts too."""

import ast
import os
import shutil
import subprocess
import sys
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from core.config import TrainingConfig
from core.networks.initialisers import initial_parameters
from core.storage.weights import save_weights

ROOT = Path(__file__).parents[1]

# A module imports from its own package and from packages with a lower number.
RANKS = {
    "errors": 0,
    "config": 0,
    "words": 0,
    "records": 0,
    "paths": 0,
    "bounded": 0,
    "jsonable": 0,
    "history": 0,
    "steps": 0,
    "labels": 0,
    "palette": 0,
    "data": 1,
    "networks": 1,
    "links": 1,
    "engines": 2,
    "insight": 3,
    "training": 4,
    "storage": 5,
    "experiments": 6,
    "classroom": 6,
    "cli": 7,
    "__main__": 8,
}
VOCABULARY = {name for name, rank in RANKS.items() if rank == 0}  # modules that may share
FORBIDDEN = {
    "core": {"streamlit", "plotly", "dashboard", "tests"},
    "dashboard": {"torch", "threading", "_thread", "concurrent", "multiprocessing", "tests"},
}
ALLOWED = {"threading.Lock"}  # guards what several sessions share, and starts nothing
STARTS_THREADS = {
    "core/training/run.py",  # trains
    "core/storage/writer.py",  # writes what training has told
    "core/experiments/background.py",  # waits for a cluster that trains
}


def imports(path):
    """The dotted names that a file imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relatively"
            yield from (f"{node.module}.{name.name}" for name in node.names)


def files(folder):
    found = sorted((ROOT / folder).rglob("*.py"))
    assert found
    return found


def named(path):
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("folder", FORBIDDEN)
def test_a_package_imports_nothing_it_must_not_know(folder):
    wrong = [
        f"{named(path)} imports {name}"
        for path in files(folder)
        for name in imports(path)
        if name.split(".")[0] in FORBIDDEN[folder] and name not in ALLOWED
    ]
    assert wrong == []


def test_imports_within_core_run_one_way():
    wrong = []
    for path in files("core"):
        own = path.relative_to(ROOT / "core").parts[0].removesuffix(".py")
        if own == "__init__":
            assert list(imports(path)) == []
            continue
        assert own in RANKS, f"give core/{own} a place in this test's ranking"
        for name in imports(path):
            if not name.startswith("core."):
                continue
            other = name.split(".")[1]
            shared = own in VOCABULARY and other in VOCABULARY
            if own != other and not shared and RANKS[other] >= RANKS[own]:
                wrong.append(f"{named(path)} imports {name}")
    assert wrong == []


def test_only_these_files_start_threads():
    starting = {
        named(path)
        for path in files("core")
        for name in imports(path)
        if name in ("threading.Thread", "threading", "concurrent.futures")
    }
    assert starting == STARTS_THREADS


# -- the dashboard ---------------------------------------------------------------------------

PAGES = {"learn", "article", "train", "compare", "flow", "sample", "runs", "classroom"}
SHARED = {"charts", "widgets"}  # by all pages
SESSIONS = {
    "app",
    "gate",
    "link",
    "pace",
    "server",
    "session",
    "visitor",
}  # who is served, and by what
NEED_A_SESSION = {
    "dashboard/widgets/findings.py": {"session"},  # sets up what is to be tried
    "dashboard/widgets/run_controls.py": {"gate", "server", "session"},
    "dashboard/widgets/run_status.py": {"gate", "server"},  # who else waits and trains
    "dashboard/widgets/whose_run.py": {"gate", "server", "session"},
    "dashboard/widgets/teaching.py": {"server", "visitor"},
}


def dashboard_imports(folder):
    """The files of a folder, each with what it imports of `dashboard`: module or subfolder."""
    for path in files(f"dashboard/{folder}"):
        yield (
            named(path),
            {name.split(".")[1] for name in imports(path) if name.startswith("dashboard.")},
        )


@pytest.mark.parametrize("page", sorted(PAGES))
def test_no_page_imports_another(page):
    for name, found in dashboard_imports(page):
        assert found & (PAGES | {"views"}) <= {page}, name


@pytest.mark.parametrize("folder", sorted(SHARED))
def test_charts_and_widgets_know_no_page_and_only_those_of_a_run_a_session(folder):
    for name, found in dashboard_imports(folder):
        assert found & (PAGES | {"views"}) == set(), name
        assert found & SESSIONS == NEED_A_SESSION.get(name, set()), name


GATED = {"start", "stop", "stop_all", "empty_queue", "edit", "delete", "undelete", "update"}
"""What is done to the runs of a server, and may be refused."""
HOLDERS = {"manager", "races", "sweeps", "shelf", "holder"}


def test_only_the_gate_and_the_teachers_desk_start_and_change_what_is_anybodys():
    found = set()
    for path in files("dashboard"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not (isinstance(node, ast.Attribute) and isinstance(node.value, ast.Call)):
                continue
            holder = node.value.func
            name = holder.attr if isinstance(holder, ast.Attribute) else getattr(holder, "id", "")
            if name in HOLDERS and node.attr in GATED:
                found.add(named(path))
    assert found == {"dashboard/gate.py", "dashboard/widgets/teaching.py"}


def test_charts_know_no_widget_and_no_streamlit():
    for name, found in dashboard_imports("charts"):
        assert "widgets" not in found, name
        assert not any(n.split(".")[0] == "streamlit" for n in imports(ROOT / name)), name


def test_the_dashboard_is_small_at_its_root_and_its_views_are_short():
    assert len(list((ROOT / "dashboard").glob("*.py"))) <= 10
    for view in files("dashboard/views"):
        assert len(view.read_text(encoding="utf-8").splitlines()) < 80, named(view)


def test_no_module_imports_itself_on_a_way_round():
    modules = {
        ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
        for folder in ("core", "dashboard")
        for path in files(folder)
    }
    # `from core.data import alphabet` names a module, `from core.config import bounds` does not.
    graph = {
        name: {found if found in modules else found.rpartition(".")[0] for found in imports(path)}
        & modules.keys()
        for name, path in modules.items()
    }
    assert sum(map(len, graph.values())) > 500
    with pytest.raises(CycleError):
        TopologicalSorter({"a": {"b"}, "b": {"a"}}).prepare()
    TopologicalSorter(graph).prepare()


# -- what is loaded --------------------------------------------------------------------------


def loaded_by(*modules):
    """The top-level modules in memory once these are imported, in a process of its own."""
    code = (
        f"import sys, {', '.join(modules)}; print(*{{name.split('.')[0] for name in sys.modules}})"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return set(done.stdout.split())


def test_the_vocabulary_loads_no_torch():
    loaded = loaded_by("core.config", "core.records", "core.errors", "core.history", "core.paths")
    assert "core" in loaded
    assert not loaded & {"torch", "streamlit", "plotly", "pandas"}


def test_a_visitor_reads_where_they_are_before_anything_is_loaded_that_takes_long():
    source = (ROOT / "dashboard" / "app.py").read_text(encoding="utf-8")
    until_the_heading = source[: source.index("page_head.draw(")]
    early = [
        node.module if node.module != "dashboard.widgets" else f"{node.module}.{name.name}"
        for node in ast.parse(until_the_heading + "pass").body
        if isinstance(node, ast.ImportFrom)
        for name in node.names
    ]
    assert {"dashboard.widgets.page_head", "dashboard.widgets.page_script"} <= set(early)
    assert not loaded_by(*early) & {"numpy", "pandas", "pydantic", "pyarrow", "torch"}


def test_core_loads_no_streamlit_and_no_plotly():
    modules = [
        ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for path in files("core")
        if path.name not in ("__init__.py", "__main__.py")
    ]
    loaded = loaded_by(*modules)
    assert "torch" in loaded
    assert not loaded & {"streamlit", "plotly", "dashboard"}


def test_a_mistyped_option_is_answered_without_waiting_for_torch():
    assert "torch" not in loaded_by("core.cli.main")


def test_reading_a_network_loads_no_torch():
    loaded = loaded_by(
        "core.insight.flow",
        "core.insight.surprise",
        "core.storage.weights",
        "core.engines.devices",
    )
    assert "numpy" in loaded
    assert "torch" not in loaded


@pytest.fixture
def home(tmp_path):
    """A folder of runs, and a file of weights in it."""
    shutil.copytree(ROOT / "tests/storage/made_before/home", tmp_path, dirs_exist_ok=True)
    config = TrainingConfig(nodes=4)
    save_weights(tmp_path / "net.safetensors", initial_parameters(config, seed=0), config)
    return tmp_path


@pytest.mark.parametrize(
    "command",
    [
        "--help",
        "sweep --help",
        "runs list",
        "runs show aaaa0001",
        "runs export aaaa0001 run.zip",
        "sample --weights net.safetensors",
        "surprise --weights net.safetensors --text word",
        "probe --weights net.safetensors --text latch:4 --lags 5",
    ],
)
def test_a_command_that_does_not_train_does_not_wait_for_torch(home, command):
    code = (
        "import sys; from core.cli.main import main\n"
        "try: status = main()\n"
        "except SystemExit as end: status = end.code\n"
        "assert status == 0 and 'torch' not in sys.modules"
    )
    subprocess.run(
        [sys.executable, "-c", code, *command.split()],
        cwd=home,
        env={**os.environ, "UNROLL_HOME": str(home), "PYTHONPATH": str(ROOT)},
        capture_output=True,
        check=True,
    )


def test_the_command_line_asks_numpy_for_one_thread_before_it_loads():
    code = (
        "import os, sys\n"
        "class Watch:\n"
        "    def find_spec(self, name, *_):\n"
        "        if name == 'numpy': print(os.environ.get('OMP_NUM_THREADS'))\n"
        "sys.meta_path.insert(0, Watch())\n"
        "import core.__main__"
    )
    env = {name: value for name, value in os.environ.items() if name != "OMP_NUM_THREADS"}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=env, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["1"]
