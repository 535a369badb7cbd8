"""The helper package of the course: what size comes out of a layer, and why.

Importing it is instant: Keras and the widgets are loaded when something first needs them.

    from course_utils import compare, explain, explore
"""

from __future__ import annotations

import importlib
import os
import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

from course_utils.environment import FOR_TENSORFLOW

for _name, _value in FOR_TENSORFLOW.items():
    os.environ.setdefault(_name, _value)

if TYPE_CHECKING:
    import course_utils.explore as explore
    from course_utils.compare import compare as compare
    from course_utils.exercises.drills import drill as drill, drill_sheet as drill_sheet
    from course_utils.explain import explain as explain
    from course_utils.inverse import came_from as came_from, port as port, which as which
    from course_utils.setup import check_setup as check_setup

_LAZY = {
    "came_from": ("course_utils.inverse", "came_from"),
    "check_setup": ("course_utils.setup", "check_setup"),
    "compare": ("course_utils.compare", "compare"),
    "drill": ("course_utils.exercises.drills", "drill"),
    "drill_sheet": ("course_utils.exercises.drills", "drill_sheet"),
    "explain": ("course_utils.explain", "explain"),
    "explore": ("course_utils.explore", None),
    "port": ("course_utils.inverse", "port"),
    "which": ("course_utils.inverse", "which"),
}

__all__ = ["came_from", "check_setup", "compare", "drill", "drill_sheet", "explain", "explore", "port", "which"]


def __getattr__(name: str) -> Any:
    """Load a part of the package when it is first asked for."""
    if name not in _LAZY:
        raise AttributeError(f"course_utils has no {name!r}; it has {', '.join(__all__)}")
    module, attribute = _LAZY[name]
    part = importlib.import_module(module)
    found = part if attribute is None else getattr(part, attribute)
    globals()[name] = found
    return found


class _Package(ModuleType):
    """This package, in which ``compare`` and ``explain`` are always the functions.

    Python stores every module it loads in its package under its own name. So the first import of anything from
    ``course_utils.compare`` would put the module in the place of the function of that name.
    """

    def __setattr__(self, name: str, value: object) -> None:
        if isinstance(value, ModuleType) and _LAZY.get(name, ("", None))[1] == name:
            value = getattr(value, name)
        super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package
