"""What is said to whoever runs a hub: keys that exist, numbers that agree, and a script that does what is promised.

No cluster is here to try it on. What can be held against something real is: settings of the server against the server's
own classes, the memory against what tests/test_memory.py prints, the copying of the notebooks by running it.
"""

from __future__ import annotations

import json
import math
import os
import re
import subprocess
import sys
import tomllib
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import yaml
from traitlets.config import Config

ROOT = Path(__file__).parents[1]
DEPLOY = ROOT / "deploy"
README = (DEPLOY / "README.md").read_text(encoding="utf-8")
TLJH = (DEPLOY / "tljh.md").read_text(encoding="utf-8")
VALUES = yaml.safe_load((DEPLOY / "zero-to-jupyterhub.yaml").read_text(encoding="utf-8"))
TERM = yaml.safe_load((DEPLOY / "one-term.yaml").read_text(encoding="utf-8"))
AFTERNOON = yaml.safe_load((DEPLOY / "one-afternoon.yaml").read_text(encoding="utf-8"))

FIRST_LESSON = "notebooks/00_start_here.ipynb"
GB = 2**30
"""1G, as JupyterHub reads it."""

#: Looked up in the chart's values.schema.yaml: where it allows a key, and of which type. Below the dicts it looks no
#: further: hub.config is handed to JupyterHub's classes, and a file's data to whoever reads the file.
SCHEMA: dict[str, type | tuple[type, ...]] = {
    "hub.concurrentSpawnLimit": int,
    "hub.activeServerLimit": int,
    "hub.config": dict,
    "singleuser.image.name": str,
    "singleuser.image.tag": str,
    "singleuser.defaultUrl": str,
    "singleuser.startTimeout": int,
    "singleuser.memory.guarantee": (int, float, str),
    "singleuser.memory.limit": (int, float, str),
    "singleuser.cpu.guarantee": (int, float),
    "singleuser.cpu.limit": (int, float),
    "singleuser.storage.homeMountPath": str,
    "singleuser.storage.capacity": str,
    "singleuser.lifecycleHooks.postStart": dict,
    "singleuser.extraFiles.kernels.mountPath": str,
    "singleuser.extraFiles.kernels.data": dict,
    "singleuser.networkPolicy.enabled": bool,
    "singleuser.networkPolicy.egressAllowRules.nonPrivateIPs": bool,
    "singleuser.networkPolicy.egressAllowRules.privateIPs": bool,
    "prePuller.hook.enabled": bool,
    "prePuller.continuous.enabled": bool,
    "cull.enabled": bool,
    "cull.every": int,
    "cull.timeout": int,
}
#: Looked up in the classes of KubeSpawner 7.1, JupyterHub 6.1 and oauthenticator 17.4.
TRAITS = {
    "KubeSpawner": {"http_timeout", "notebook_dir"},
    "JupyterHub": {"authenticator_class"},
    "DummyAuthenticator": {"password"},
    "Authenticator": {"allow_all"},
    "GitHubOAuthenticator": {"client_id", "client_secret", "oauth_callback_url", "allowed_users", "admin_users"},
}
#: Looked up in TLJH's tljh/configurer.py.
TLJH_KEYS = {
    "limits.memory",
    "limits.cpu",
    "user_environment.default_app",
    "services.cull.timeout",
    "services.cull.every",
    "https.enabled",
    "https.letsencrypt.email",
}


def leaves(values: dict[str, Any], before: str = "") -> dict[str, Any]:
    """The values by their dotted names, down to where the schema ends."""
    found: dict[str, Any] = {}
    for key, value in values.items():
        name = f"{before}{key}"
        deeper = isinstance(value, dict) and name not in SCHEMA
        found |= leaves(value, f"{name}.") if deeper else {name: value}
    return found


def tables(corner: str) -> list[list[list[str]]]:
    """The tables of the README whose heading begins so, as rows of cells; the first row is the heading."""
    blocks = re.findall(r"(?:^\|.*\n)+", README, re.MULTILINE)
    rows = [[line for line in block.splitlines() if set(line) - set("|-: ")] for block in blocks]
    found = [[[cell.strip() for cell in line.strip("|").split("|")] for line in lines] for lines in rows]
    return [table for table in found if table[0][0] == corner]


# Keys


@pytest.mark.parametrize("values", [VALUES, TERM, AFTERNOON], ids=["cluster", "term", "afternoon"])
def test_the_chart_knows_every_key(values: dict[str, Any]) -> None:
    found = leaves(values)
    assert set(found) <= set(SCHEMA)
    for name, value in found.items():
        assert isinstance(value, SCHEMA[name]), name
    for name, settings in values["hub"]["config"].items():
        assert set(settings) <= TRAITS[name]


def test_who_may_log_in_is_left_to_the_deployer() -> None:
    assert set(VALUES["hub"]["config"]) == {"KubeSpawner"}
    assert AFTERNOON["hub"]["config"]["DummyAuthenticator"]["password"] == "CHANGE-ME"
    term = TERM["hub"]["config"]["GitHubOAuthenticator"]
    assert term["client_id"] == term["client_secret"] == "CHANGE-ME" and len(term["allowed_users"]) == 2
    assert "allow_all" not in str(TERM), "only the class"
    assert VALUES["singleuser"]["image"] == {"name": "REGISTRY/what-size-comes-out", "tag": "TAG"}
    assert "--image-name REGISTRY/what-size-comes-out:TAG --ref TAG" in README


def test_the_server_knows_the_settings_of_its_kernels(tmp_path: Path) -> None:
    """Jupyter's own loader reads the file that the chart would mount, and its own class has these settings."""
    from jupyter_server.services.kernels.kernelmanager import MappingKernelManager

    mounted = VALUES["singleuser"]["extraFiles"]["kernels"]
    name = Path(mounted["mountPath"]).name
    (tmp_path / name).write_text(json.dumps(mounted["data"]), encoding="utf-8")
    said = subprocess.check_output(
        [sys.executable, "-m", "jupyter_server", "--show-config-json"],
        env={**os.environ, "JUPYTER_CONFIG_PATH": str(tmp_path)},
        text=True,
    )
    read = json.loads(said)["MappingKernelManager"]
    assert read == mounted["data"]["MappingKernelManager"]
    assert set(read) <= set(MappingKernelManager.class_trait_names(config=True))
    assert "/etc/jupyter" in mounted["mountPath"]


def test_tljh_knows_every_key_and_gets_the_same_numbers_and_files() -> None:
    said = dict(re.findall(r"^sudo tljh-config set (\S+) (\S+)$", TLJH, re.MULTILINE))
    assert set(said) == TLJH_KEYS
    single, cull = VALUES["singleuser"], VALUES["cull"]
    for key, value in (
        ("limits.memory", single["memory"]["limit"]),
        ("limits.cpu", single["cpu"]["limit"]),
        ("services.cull.timeout", cull["timeout"]),
        ("services.cull.every", cull["every"]),
    ):
        assert said[key] == str(value)
    assert "sudo tljh-config reload" in TLJH
    assert dict(re.findall(r"^sudo cp /opt/course/(deploy/\S+) (\S+)$", TLJH, re.MULTILINE)) == {
        "deploy/tljh_hub.py": "/opt/tljh/config/jupyterhub_config.d/",
        "deploy/tljh_server.json": "/opt/tljh/user/etc/jupyter/jupyter_server_config.json",
    }
    server = json.loads((DEPLOY / "tljh_server.json").read_text(encoding="utf-8"))
    assert server == single["extraFiles"]["kernels"]["data"]
    hub = Config()
    exec((DEPLOY / "tljh_hub.py").read_text(encoding="utf-8"), {"c": hub})
    assert hub == {"Spawner": {"http_timeout": VALUES["hub"]["config"]["KubeSpawner"]["http_timeout"]}}


def test_whoever_logs_in_is_named_and_the_way_in_for_everybody_is_warned_of() -> None:
    """TLJH's defaults: FirstUseAuthenticator.create_users is False, https.enabled is False."""
    assert "Add Users" in TLJH
    assert "`sudo tljh-config set auth.FirstUseAuthenticator.create_users true`" in TLJH
    assert "sudo tljh-config add-item https.letsencrypt.domains HUB\n" in TLJH
    (domain,) = re.findall(r"letsencrypt.domains (\S+)", TLJH)
    assert f"https://{domain}/hub/user-redirect" in TLJH


@pytest.mark.skipif(sys.platform == "win32", reason="repo2docker is not installed there")
def test_the_jupyterhub_of_the_image_is_the_one_that_is_named() -> None:
    """What repo2docker puts into an image for the Python of binder/environment.yml."""
    (wanted,) = re.findall(r"- python=(\S+)", (ROOT / "binder" / "environment.yml").read_text(encoding="utf-8"))
    package = Path(str(find_spec("repo2docker").origin)).parent  # type: ignore[union-attr]
    lock = package / "buildpacks" / "conda" / f"environment.py-{wanted}-linux-64.lock"
    (hub,) = re.findall(r"/jupyterhub-singleuser-(\d+\.\d+)", lock.read_text(encoding="utf-8"))
    assert f"The image has the one of repo2docker, {hub}; the charts\nwith a hub {hub.partition('.')[0]} are" in README
    assert f"pip install jupyter-repo2docker=={version('jupyter-repo2docker')}\n" in README
    assert "--platform" not in README and "--Repo2Docker.platform=linux/amd64" in README
    assert "jupyterhub/jupyterhub --version CHART " in README


# Paths


def test_the_learner_starts_on_a_page_that_is_there() -> None:
    single = VALUES["singleuser"]
    assert single["defaultUrl"] == f"/lab/tree/{FIRST_LESSON}"
    assert VALUES["hub"]["config"]["KubeSpawner"]["notebook_dir"] == single["storage"]["homeMountPath"]
    lab = json.loads((ROOT / "binder/jupyter_config/jupyter_lab_config.json").read_text(encoding="utf-8"))
    assert lab["LabApp"]["default_url"] == single["defaultUrl"]
    assert "--target-repo-dir /srv/course " in README


def test_the_link_for_nbgitpuller_leads_to_lesson_00() -> None:
    (link,) = re.findall(r"^https://HUB\S+$", TLJH, re.MULTILINE)
    assert urlsplit(link).path == "/hub/user-redirect/git-pull"
    asked = parse_qs(urlsplit(link).query, strict_parsing=True)
    assert asked["repo"] == ["https://HOST/ORG/REPO"]
    assert asked["branch"] == ["BRANCH"], "a branch: nbgitpuller merges origin/BRANCH, and no tag is called so"
    assert asked["urlpath"] == [f"lab/tree/REPO/{FIRST_LESSON}"]


@pytest.mark.parametrize("text", [README, TLJH], ids=["README", "tljh"])
def test_files_that_are_named_are_there(text: str) -> None:
    named = re.findall(
        r"(?:/opt/course/|\]\(|`|--values )"
        r"((?:deploy|binder|requirements|tests)/[\w./-]+|\w[\w-]*\.(?:md|yaml|py|json))",
        text,
    )
    assert named
    for name in set(named) - {"MY-LOGIN.yaml", "my_predictions.json"}:
        assert (ROOT / name).exists() or (DEPLOY / name).exists(), name


@pytest.mark.skipif(sys.platform == "win32", reason="a shell script")
def test_a_start_brings_what_is_missing_and_touches_nothing_else(tmp_path: Path) -> None:
    """The script out of the values, with the two folders of the cluster put here; one has a space in its name."""
    home, image = tmp_path / "jovyan s", tmp_path / "course"
    shell, flag, script = VALUES["singleuser"]["lifecycleHooks"]["postStart"]["exec"]["command"]
    assert script.count("/home/jovyan/") == script.count("/srv/course/") == 1
    script = script.replace("/home/jovyan/notebooks", f'"{home}/notebooks"').replace("/srv/course", str(image))
    (image / "notebooks" / "pictures").mkdir(parents=True)
    home.mkdir()
    for name in ("00.ipynb", "01.ipynb", "pictures/explorer.png"):
        (image / "notebooks" / name).write_text("new", encoding="utf-8")

    def start() -> dict[str, str]:
        subprocess.run([shell, flag, script], check=True)
        files = [path for path in (home / "notebooks").rglob("*") if path.is_file()]
        return {path.relative_to(home / "notebooks").as_posix(): path.read_text(encoding="utf-8") for path in files}

    assert start() == {"00.ipynb": "new", "01.ipynb": "new", "pictures/explorer.png": "new"}
    (home / "notebooks" / "00.ipynb").write_text("mine", encoding="utf-8")
    (home / "notebooks" / "my_predictions.json").write_text("mine", encoding="utf-8")
    (home / "notebooks" / "01.ipynb").unlink()
    (home / "notebooks" / ".copying").write_text("cut off", encoding="utf-8")
    assert start() == {
        "00.ipynb": "mine",
        "my_predictions.json": "mine",
        "01.ipynb": "new",
        "pictures/explorer.png": "new",
    }
    (image / "notebooks").rename(image / "elsewhere")
    assert start()["00.ipynb"] == "mine", "whatever happens, the server is not ended"


# Numbers


def test_the_sizes_follow_from_what_was_measured() -> None:
    (measured,) = tables("lessons open")
    assert measured[0][1:] == list("012345")
    mb = [int(cell) for cell in measured[1][1:]]
    memory = VALUES["singleuser"]["memory"]
    assert memory == {"guarantee": "1G", "limit": "2G"}
    for gb, lessons, stated in (
        (1, 2, "1074 MB: two lessons and 10 % over"),
        (2, 5, "2147 MB: five lessons and 7 % over"),
    ):
        assert stated in README and f"{gb * GB / 1e6:.0f} MB" in stated
        assert f"{100 * (gb * GB / 1e6 / mb[lessons] - 1):.0f} %" in stated
    assert f"({mb[3]} MB)" in README
    words = " ".join(README.split())
    assert f"12 × {mb[3]} = {12 * mb[3]} MB and has {12 * GB / 1e6:.0f} for them" in words
    assert 12 * mb[3] > 12 * GB / 1e6, "else nothing would be ended"


def test_what_is_said_of_forked_kernels_follows_from_their_table() -> None:
    (table,) = tables("lessons open")
    ordinary, forked = ([int(cell) for cell in row[1:]] for row in table[1:])
    each = [round((row[5] - row[2]) / 3) for row in (forked, ordinary)]
    assert f"from the third on\ncosts {each[0]} MB in place of {each[1]}" in README
    assert each[0] < 0.5 * each[1] and forked[1] > ordinary[1]
    package = tomllib.loads((DEPLOY / "forked_kernels" / "pyproject.toml").read_text(encoding="utf-8"))
    (name,) = package["project"]["entry-points"]["jupyter_client.kernel_provisioners"]
    assert f"`JUPYTER_DEFAULT_PROVISIONER_NAME={name}`" in README


def test_what_is_said_of_a_class_follows_from_its_table() -> None:
    ((_, *rows),) = tables("kernels")
    twenty = next(row for row in rows if row[:2] == ["ordinary", "20"])
    server, explorer, move = (int(cell.split()[0]) for cell in twenty[2:])
    assert server + explorer == 46 and "Ten learners for each core wait three quarters of a minute" in README
    assert f"within {move} ms" in README


def test_the_table_of_nodes_follows_from_the_rule() -> None:
    """A node of N GiB holds N − 4 learners, and their guaranteed processors as well; a server has 2 GiB besides."""
    ((heading, *rows),) = tables("learners")
    nodes = [tuple(map(int, re.findall(r"\d+", cell))) for cell in heading[2:4]]
    for gib, cores, each in nodes:
        assert each == gib - 4
        assert each * VALUES["singleuser"]["cpu"]["guarantee"] <= cores
    assert len(rows) == 4
    for row in rows:
        learners, guaranteed, *counts = map(int, row[:-1])
        assert guaranteed == learners
        assert counts == [math.ceil(learners / each) for _, _, each in nodes]
        if learners <= 30:  # tljh.md: for up to about thirty
            cores = math.ceil(learners * VALUES["singleuser"]["cpu"]["guarantee"])
            assert row[-1] == f"{learners + 2} GiB, {cores}, {learners + 20} GB"
        else:
            assert row[-1] == ""
    assert f"less than {nodes[1][2]}, take the nodes of {nodes[0][0]} GiB" in README


def test_the_numbers_of_the_readme_are_those_of_the_values() -> None:
    rows = {row[0]: row[1] for row in tables("value")[0][1:]}
    single, hub, cull = VALUES["singleuser"], VALUES["hub"], VALUES["cull"]
    kernels = single["extraFiles"]["kernels"]["data"]["MappingKernelManager"]
    for name, value in {
        "`singleuser.startTimeout`": f"{single['startTimeout']} s",
        "`KubeSpawner.http_timeout`": f"{hub['config']['KubeSpawner']['http_timeout']} s",
        "`hub.concurrentSpawnLimit`": str(hub["concurrentSpawnLimit"]),
        "`cull.timeout`, `cull.every`": f"{cull['timeout']} s, {cull['every']} s",
        "`MappingKernelManager`": f"{kernels['cull_idle_timeout']} s",
        "`singleuser.storage.capacity`": single["storage"]["capacity"],
    }.items():
        assert rows[name] == value
    assert min(VALUES["cull"]["every"], VALUES["cull"]["timeout"], kernels["cull_idle_timeout"]) >= 600
    guarantee, limit = single["cpu"]["guarantee"], single["cpu"]["limit"]
    assert f"processors: {guarantee} guaranteed, {limit} at most" in README
