"""An explorer on a kernel that starts as it does for a learner answers before Keras is loaded, and then by Keras."""

from __future__ import annotations

from pathlib import Path

import lab as rig
from on_page import OnPage
from playwright.sync_api import expect

CELLS = "from course_utils import explore", 'explore.padding(n=7, k=3, padding="valid")'
#: Keeps every line that says where a frame came from, with the title of the output that stood there then.
_KEEP = """() => {
    window.told = [];
    new MutationObserver(() => {
        const [when, output] = ['.cu-when', '[data-name=output] figcaption'].map((one) => document.querySelector(one));
        const now = when && output && `${output.textContent}: ${when.textContent}`;
        if (now && now !== window.told.at(-1)) window.told.push(now);
    }).observe(document.body, { subtree: true, childList: true, characterData: true });
}"""


def test_the_first_explorer_is_recorded_and_keras_takes_over(
    page: rig.WatchedPage, lab: rig.Lab, tmp_path: Path
) -> None:
    rig.open_notebook(page, lab, rig.write_notebook(tmp_path / "first.ipynb", *CELLS), kernel=rig.ORDINARY)
    page.evaluate(_KEEP)
    rig.run_all(page)
    explorer = OnPage(page, 1)
    expect(explorer.when).to_have_text("run just now")
    told = page.evaluate("() => window.told")
    assert told[0] == "output 5×5: recorded with Keras 3.15.1" and told[-1] == "output 5×5: run just now", told
    expect(explorer.cell.locator(".cu-apart")).to_be_hidden()
