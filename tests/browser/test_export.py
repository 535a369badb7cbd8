"""What JupyterLab prints and exports: a page without a kernel, which needs stills where the widgets were."""

from __future__ import annotations

import re
from pathlib import Path

import lab as rig

PATH = "notebooks/printed.ipynb"
CELLS = [
    "from course_utils import explain, explore\nfrom course_utils.exercises import lesson_01 as lesson",
    'explore.padding(n=7, k=3, padding="valid")',
    "lesson.places.predict()",
    "import keras\nexplain(keras.Sequential([keras.Input((28, 28, 1)), keras.layers.MaxPooling2D(2)]))",
]


def test_a_lesson_that_was_run_keeps_its_pictures(page: rig.WatchedPage, lab: rig.Lab, tmp_path: Path) -> None:
    rig.open_and_run(page, lab, rig.write_notebook(tmp_path / "printed.ipynb", *CELLS))
    page.evaluate("() => jupyterapp.commands.execute('docmanager:save')")
    assert "widgets" in rig.model(page)["metadata"], "with its widgets' state, which a page cannot show"
    still = rig.outputs(page)[1][0]["data"]["image/png"].strip()
    for kind in ("html", "slides"):
        printed = page.request.get(f"http://127.0.0.1:{lab.port}/nbconvert/{kind}/{PATH}?token={lab.token}").text()
        assert '<script type="application/vnd.jupyter.widget-view+json">' not in printed
        assert re.findall(r'<img[^>]* src="data:image/png;base64,([^"]*)"', printed) == [still]
        assert "In how many places can it stand" in printed and "14×14" in printed
