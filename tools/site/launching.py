"""Where a lesson can be run: links to Binder, Colab and a copy of the course, from the address that git knows."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

CELL = "launch"
"""The id of a lesson's cell of links, where its author has put one in: python course.py links --in-notebooks"""
IN_A_NOTEBOOK = ("Run it on Binder", "Open it in Colab", "What Colab needs first")

REPOSITORY = re.compile(r"(?:https?://(?:[^@/]+@)?|ssh://git@|git@)github\.com[:/]([\w.-]+)/([\w.-]+?)(?:\.git)?/?")


def places(remote: str, reference: str, notebook: str) -> dict[str, str]:
    """Return the links for a lesson by their names; none where ``remote`` is no repository on GitHub.

    >>> list(places("git@github.com:someone/course.git", "v1", "03_pool.ipynb"))
    ['Run it on Binder', 'Open it in Colab', 'What Colab needs first', 'Download the course']
    >>> places("/srv/course.git", "v1", "03_pool.ipynb")
    {}
    """
    found = REPOSITORY.fullmatch(remote)
    if found is None:
        return {}
    repository, lesson = "/".join(found.groups()), f"notebooks/{notebook}"
    return {
        "Run it on Binder": f"https://mybinder.org/v2/gh/{repository}/{reference}?urlpath=lab/tree/{lesson}",
        "Open it in Colab": f"https://colab.research.google.com/github/{repository}/blob/{reference}/{lesson}",
        "What Colab needs first": f"https://github.com/{repository}/blob/{reference}/docs/colab.md",
        "Download the course": f"https://github.com/{repository}/archive/{reference}.zip",
    }


def pages(remote: str) -> str:
    """Return where the workflow of the site puts it; "" where ``remote`` is no repository on GitHub.

    >>> pages("https://github.com/Someone/course")
    'https://someone.github.io/course/'
    """
    found = REPOSITORY.fullmatch(remote)
    return f"https://{found[1].lower()}.github.io/{found[2]}/" if found else ""


def reading_edition(folder: Path) -> str:
    """Return the address of the reading edition as git in ``folder`` knows it."""
    return pages(_git(folder, "remote", "get-url", "origin"))


def branch(folder: Path) -> str:
    """Return the branch that is checked out in ``folder``; "" where there is none."""
    return _git(folder, "branch", "--show-current")


def from_git(folder: Path, notebook: str, reference: str = "") -> dict[str, str]:
    """Return the links for a lesson as git in ``folder`` knows them: to ``reference``, else to what is checked out."""
    remote = _git(folder, "remote", "get-url", "origin")
    reference = reference or _git(folder, "describe", "--tags", "--exact-match") or _git(folder, "rev-parse", "HEAD")
    return places(remote, reference, notebook) if remote and reference else {}


def _git(folder: Path, *arguments: str) -> str:
    """Return what git says; nothing where there is no git, or where it has nothing to say."""
    try:
        done = subprocess.run(["git", *arguments], cwd=folder, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return ""
    return done.stdout.strip()
