"""Binder: what repo2docker makes of these files, and its own last two steps, postBuild and start, really run.

The run needs no Docker: it has a prefix of its own as Binder's image has, in which the packages of this environment are
to be seen, but not the course. The course comes from a copy of the repository, or not at all.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import urllib.request
from collections.abc import Iterator
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import lab as rig
import nbformat
import pytest
from in_ci import skip_or_fail
from learner import Learner

ROOT = Path(__file__).parents[1]
FIRST_LESSON = "notebooks/00_start_here.ipynb"
SCRIPTS = ("binder/postBuild", "binder/start", ".ci/run")
NO_SHELL = pytest.mark.skipif(sys.platform == "win32", reason="Binder's files are shell scripts")


# What is built


@pytest.mark.skipif(sys.platform == "win32", reason="repo2docker does not run on Windows")
def test_binder_builds_from_these_files(tmp_path: Path) -> None:
    """Let repo2docker write its Dockerfile, as it does before a build; it needs no Docker for that."""
    repo = tmp_path / "repo"
    shutil.copytree(ROOT / "binder", repo / "binder")
    shutil.copy(ROOT / "environment.yml", repo)
    command = [sys.executable, "-m", "repo2docker", "--no-build", "--debug"]
    command += ["--user-id", "1000", "--user-name", "jovyan", "--Repo2Docker.default_buildpack=None", "."]
    done = subprocess.run(command, cwd=repo, capture_output=True, text=True, env={**os.environ, "HOME": str(tmp_path)})
    assert done.returncode == 0, done.stderr
    dockerfile = done.stdout + done.stderr
    assert "Building conda environment for python=3.12\n" in dockerfile, "it has read which Python the file asks for"
    assert re.findall(r"env update .* --file (\S+) ", dockerfile) == ['"binder/environment.yml"']
    sources = dockerfile.index("COPY --chown=1000:1000 src/ ${REPO_DIR}/\n")
    assert dockerfile.index("env update") < sources, "what takes long is done before the sources arrive"
    assert dockerfile.index("RUN ./binder/postBuild\n") > sources
    assert 'ENV R2D_ENTRYPOINT="${REPO_DIR}/binder/start"' in dockerfile
    assert "ARG REPO_DIR=${HOME}\n" in dockerfile, "a hub builds it for another folder: deploy/README.md"


@pytest.mark.parametrize("script", SCRIPTS)
def test_scripts_are_executable_and_parse(script: str) -> None:
    lines = (ROOT / script).read_text(encoding="utf-8").splitlines()
    subprocess.run(["bash" if "bash" in lines[0] else "sh", "-n", ROOT / script], check=True)
    staged = subprocess.run(["git", "ls-files", "-s", script], cwd=ROOT, capture_output=True, text=True)
    if staged.returncode == 0:  # not in a copy without its history
        assert staged.stdout.startswith("100755 "), "git has to know that it is executable"


@NO_SHELL
def test_start_adds_our_settings_to_those_of_the_hub(tmp_path: Path) -> None:
    environment = {**os.environ, "REPO_DIR": str(tmp_path / "a repo"), "JUPYTER_CONFIG_PATH": "/of/the/hub"}
    command = [str(ROOT / "binder" / "start"), "sh", "-c", 'echo "$JUPYTER_CONFIG_PATH $1"', "sh", "two words"]
    said = subprocess.check_output(command, env=environment, text=True)
    assert said == f"{tmp_path}/a repo/binder/jupyter_config:/of/the/hub two words\n"


def test_settings_of_lab_are_ones_that_lab_knows() -> None:
    """Lab ignores what it does not know, so a setting that is renamed would be lost without a word."""
    share = Path(sys.prefix) / "share" / "jupyter"
    overrides = json.loads((rig.SHIPPED_CONFIG / "labconfig" / "default_setting_overrides.json").read_text("utf-8"))
    assert overrides["@jupyterlab/apputils-extension:kernels-settings"] == {"commsOverSubshells": "disabled"}
    for plugin, settings in overrides.items():
        package, _, name = plugin.partition(":")
        # Lab's own, or an extension's.
        folders = share / "lab" / "schemas", share / "labextensions" / package / "schemas"
        (schema,) = (path for folder in folders if (path := folder / package / f"{name}.json").exists())
        properties = json.loads(schema.read_text(encoding="utf-8"))["properties"]
        for setting, value in settings.items():
            allowed = [option["const"] for option in properties[setting].get("oneOf", [])]
            assert value in allowed or properties[setting]["type"] == "boolean"


# What is run


class Image:
    """What Binder's image holds when postBuild comes: an environment without the course, and the repository.

    Attributes:
        repo: the copy of what git knows of, in a folder with a space in its name.
        prefix: the environment; of its own it has nothing but pip.
        environment: the variables with which everything in it is started, none of them from outside.
    """

    def __init__(self, folder: Path) -> None:
        self.repo = folder / "home of" / "jovyan"
        self.prefix = folder / "conda"
        self.python = self.prefix / "bin" / "python"
        self._copy_repository()
        subprocess.run([sys.executable, "-I", "-m", "venv", self.prefix], check=True)
        self.site_packages = Path(sysconfig.get_path("purelib", "venv", {"base": str(self.prefix)}))
        self._show_packages()
        home = folder / "home"
        home.mkdir()
        self.environment = {
            "PATH": f"{self.prefix}/bin:{os.defpath}",
            "HOME": str(home),
            "REPO_DIR": str(self.repo),
            "PIP_NO_INDEX": "1",
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
            # What a hub may set; the first is joined to ours, the second must not prevail.
            "JUPYTER_CONFIG_PATH": str(folder / "of the hub"),
            "KERAS_BACKEND": "torch",
        }

    def _copy_repository(self) -> None:
        try:
            known = subprocess.check_output(["git", "ls-files", "-z"], cwd=ROOT, text=True).split("\0")
        except (OSError, subprocess.CalledProcessError) as error:
            skip_or_fail(f"git does not say which files belong to the course ({error})")
        for name in filter(None, known):
            if (ROOT / name).is_file():  # git may still list one that is deleted
                (self.repo / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, self.repo / name)

    def _show_packages(self) -> None:
        """Let the prefix see the packages that run this test, all but the course, and start its own programs."""
        # With Python 3.11 comes a setuptools of its own, too old for the course.
        if (self.site_packages / "setuptools").exists():
            subprocess.run([self.python, "-I", "-m", "pip", "uninstall", "-q", "-y", "setuptools"], check=True)
        # What lies there is found, but not what the .pth files there name: the course.
        packages = sysconfig.get_path("purelib")
        (self.site_packages / "packages.pth").write_text(f"{packages}\n", encoding="utf-8")
        for data in ("share/jupyter", "etc/jupyter"):
            (self.prefix / data).parent.mkdir(exist_ok=True)
            (self.prefix / data).symlink_to(Path(sys.prefix) / data)
        for name in ("jupyter", "jupyter-lab", "jupyter-notebook"):
            (program,) = entry_points(group="console_scripts", name=name)
            path = self.prefix / "bin" / name
            source = f"from {program.module} import {program.attr} as main\nraise SystemExit(main())\n"
            path.write_text(f"#!{self.python}\n{source}", encoding="utf-8")
            path.chmod(0o755)

    def where(self, module: str) -> str:
        """Where this prefix finds a module, as Python tells it; an empty string if it does not."""
        code = f"import importlib.util as u; s = u.find_spec({module!r}); print(s.origin if s else '')"
        return subprocess.check_output(["python", "-c", code], env=self.environment, cwd="/", text=True).strip()


class Binder(rig.Lab):
    """The server as Binder starts it: through `binder/start`, in the folder of the repository, below a path."""

    def __init__(self, image: Image, profile: Path, program: str) -> None:
        super().__init__(profile)
        self.image, self.root, self.program = image, image.repo, program
        self.base = "/user/somebody-1a2b3c"

    def _environment(self) -> dict[str, str]:
        # The watch over connections comes along; it holds nothing that could be imported instead of the course.
        return {**self.image.environment, "COURSE_STRAYS": str(self.notes), "PYTHONPATH": str(rig.OFFLINE)}

    def _command(self) -> list[str]:
        return [
            *(str(self.root / "binder" / "start"), "jupyter", self.program, "--no-browser", "--allow-root"),
            *("--ip=127.0.0.1", f"--port={self.port}", "--ServerApp.port_retries=0"),
            *(f"--ServerApp.base_url={self.base}/", f"--ServerApp.token={self.token}"),
        ]

    def api(self, path: str, method: str = "GET", timeout: float = 10) -> Any:
        return super().api(self.base + path, method, timeout)

    def page(self, path: str) -> tuple[str, str]:
        """Where a browser ends up that asks for this path, and what it gets."""
        url = f"http://127.0.0.1:{self.port}{self.base}{path}{'&' if '?' in path else '?'}token={self.token}"
        with urllib.request.urlopen(url, timeout=20) as answer:
            return answer.url.partition(self.base)[2].partition("?")[0], answer.read().decode()


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Image:
    """The image after postBuild."""
    image = Image(tmp_path_factory.mktemp("binder"))
    assert image.where("keras"), "the packages are there"
    assert not image.where("course_utils"), "the course is not, so what is found later comes from postBuild"
    done = subprocess.run(
        [image.repo / "binder" / "postBuild"], cwd=image.repo, env=image.environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return image


@pytest.fixture
def binder(image: Image, tmp_path: Path) -> Iterator[Binder]:
    with Binder(image, tmp_path, "lab") as server:
        yield server


@NO_SHELL
def test_post_build_installs_the_course_and_nothing_else(image: Image) -> None:
    assert image.where("course_utils") == str(image.repo / "course_utils" / "__init__.py")
    installed = {info.name.partition("-")[0] for info in image.site_packages.glob("*.dist-info")}
    assert installed == {"pip", "what_size_comes_out"}


@NO_SHELL
def test_started_as_binder_does_it_opens_lesson_00_and_runs_it(binder: Binder) -> None:
    # A link without ?urlpath= asks for "/"; the one of the README for the lesson.
    for asked in ("/", f"/lab/tree/{FIRST_LESSON}"):
        reached, text = binder.page(asked)
        assert reached == f"/lab/tree/{FIRST_LESSON}"
        assert "jupyter-config-data" in text, "JupyterLab's page"
    assert binder.api(f"/api/contents/{FIRST_LESSON}?content=0")["type"] == "notebook"

    settings: dict[str, Any] = {}
    for plugin in ("@jupyterlab/apputils-extension:kernels-settings", "@jupyterlab/notebook-extension:tracker"):
        schema = binder.api(f"/lab/api/settings/{plugin}")["schema"]["properties"]
        settings |= {name: described["default"] for name, described in schema.items() if "default" in described}
    assert settings["commsOverSubshells"] == "disabled"
    assert settings["kernelShutdown"] is True

    lesson = nbformat.read(ROOT / FIRST_LESSON, as_version=4)
    address = f"http://127.0.0.1:{binder.port}{binder.base}"
    with Learner(address, binder.token, FIRST_LESSON, ROOT / FIRST_LESSON) as learner:
        learner.run(next(cell.source for cell in lesson.cells if cell.cell_type == "code"))
        assert learner.errors == []
        assert learner.sliders(), "its report ends with a slider where everything was found"
        for claim in (
            f"__import__('course_utils').__file__ == {str(binder.image.repo / 'course_utils' / '__init__.py')!r}",
            f"__import__('sys').prefix == {str(binder.image.prefix)!r}",
            "__import__('keras').backend.backend() == 'tensorflow'",
            "__import__('os').getcwd() == " + repr(str(binder.image.repo / "notebooks")),
        ):
            learner.run(f"assert {claim}, {claim!r}")
        assert learner.errors == []
        learner.run("assert False, 'is noticed'")
        assert learner.errors == ["AssertionError: is noticed"]


@NO_SHELL
def test_started_as_the_older_notebook_it_opens_lesson_00_as_well(image: Image, tmp_path: Path) -> None:
    """repo2docker's images start `jupyter notebook` unless they are told otherwise."""
    with Binder(image, tmp_path, "notebook") as server:
        assert server.page("/")[0] == f"/lab/tree/{FIRST_LESSON}"
