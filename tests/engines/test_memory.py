"""Free memory, and a configuration that would not fit into it."""

from types import SimpleNamespace

import psutil
import pytest

from core.config import TrainingConfig
from core.engines.memory import free_bytes, require_memory
from core.errors import ConfigError

LARGE = TrainingConfig(unrollings=200, batch_size=1_024, nodes=1_024, device="cpu")
MEGABYTE = 2**20


@pytest.fixture
def machine(monkeypatch):
    """Sets how much memory the machine has free."""

    def with_free(count):
        free = SimpleNamespace(available=count)
        monkeypatch.setattr(psutil, "virtual_memory", lambda: free)

    return with_free


def group(root, folder, **figures):
    place = root / "sys/fs/cgroup" / folder
    place.mkdir(parents=True, exist_ok=True)
    for name, value in figures.items():
        (place / name.replace("__", ".")).write_text(f"{value}\n")


def member_of(root, line):
    (root / "proc/self").mkdir(parents=True)
    (root / "proc/self/cgroup").write_text(f"{line}\n")


def version_2(most, used, cached=0):
    return {
        "memory__max": most,
        "memory__current": used,
        "memory__stat": f"anon 1\ninactive_file {cached}",
    }


def test_where_nobody_set_a_limit_the_machines_memory_is_free(tmp_path, machine):
    machine(5 * MEGABYTE)
    assert free_bytes(tmp_path) == 5 * MEGABYTE


@pytest.mark.parametrize(
    ("inner", "outer", "free"),
    [
        (version_2("max", 7), version_2(900, 500), 400),
        (version_2(300, 100), version_2(900, 500), 200),
        (version_2(300, 100, cached=50), version_2("max", 500), 250),
        (version_2(300, 400), version_2("max", 500), 0),
    ],
    ids=["the outer one's", "the inner one's", "with what is only cached", "none"],
)
def test_a_container_has_what_the_narrowest_of_its_limits_leaves(
    inner, outer, free, tmp_path, machine
):
    machine(1_000)
    member_of(tmp_path, "0::/shop/web")
    group(tmp_path, "shop/web", **inner)
    group(tmp_path, "shop", **outer)
    assert free_bytes(tmp_path) == free


def test_an_older_kernels_limit_counts_too_where_a_container_sees_itself_outermost(
    tmp_path, machine
):
    machine(1_000)
    member_of(tmp_path, "4:cpu,memory:/docker/0123")
    group(
        tmp_path,
        "memory",
        memory__limit_in_bytes=800,
        memory__usage_in_bytes=500,
        memory__stat="total_inactive_file 100",
    )
    assert free_bytes(tmp_path) == 400


def test_what_does_not_fit_is_refused_in_a_sentence(machine):
    machine(1_000 * MEGABYTE)
    with pytest.raises(ConfigError) as refusal:
        require_memory(LARGE)
    assert str(refusal.value).startswith(
        "unrollings=200 with batch_size=1024 and nodes=1024 needs about "
    )
    assert str(refusal.value).endswith("and 1,000 MB are free here. Lower one of them.")
    require_memory(LARGE.changed(unrollings=10))


def test_workers_each_need_their_own(machine):
    machine(1_000 * MEGABYTE)
    config = LARGE.changed(unrollings=10)
    with pytest.raises(ConfigError, match=r"in each of 8 workers .* or take fewer workers"):
        require_memory(config, copies=8)


def test_a_gpu_has_a_memory_of_its_own(machine):
    machine(0)
    require_memory(LARGE.changed(device="cuda"))
