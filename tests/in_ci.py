"""What a test does that this machine cannot run: for a person it is skipped with the reason, in CI it fails."""

from __future__ import annotations

import os
from typing import NoReturn

import pytest

EVERYTHING = "needs other environments, downloads, other Pythons, heavy load or much time"


def in_ci() -> bool:
    """Whether this is CI, as far as the environment says."""
    return os.environ.get("CI", "").lower() in {"1", "true", "yes"}


def skip_or_fail(reason: str) -> NoReturn:
    """Skip on a person's machine; fail in CI, where a test that never runs would look like one that passes."""
    if in_ci():
        pytest.fail(f"in CI this must run: {reason}", pytrace=False)
    pytest.skip(reason)
