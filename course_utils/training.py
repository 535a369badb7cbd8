"""Watch a model train: a bar of one line, made of letters, so that it looks the same in every notebook and terminal."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from course_utils.keras_layers import load_keras

MARKS = 25


def marks_due(step: int, steps: int) -> int:
    """How many marks the bar has after so many steps."""
    return MARKS * min(step, steps) // steps


def progress_bar(write: Callable[[str], Any] | None = None) -> Any:
    """A callback for ``model.fit(…, verbose=0, callbacks=[progress_bar()])``.

    Keras's own bar prints times, which differ at every run. This one writes a mark after each 25th part of the
    training, and nothing else.

    Args:
        write: what takes the text; where nothing is given it is printed.
    """
    keras = load_keras()
    put = write or (lambda text: print(text, end="", flush=True))  # noqa: T201 (a bar is there to be seen)

    class ProgressBar(keras.callbacks.Callback):  # type: ignore[misc, name-defined]
        """Counts the steps of one training."""

        def on_train_begin(self, logs: Any = None) -> None:
            self.step, self.steps = 0, self.params["epochs"] * self.params["steps"]
            put(f"{self.steps} steps: ")

        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            self.step += 1
            put("▰" * (marks_due(self.step, self.steps) - marks_due(self.step - 1, self.steps)))

        def on_train_end(self, logs: Any = None) -> None:
            put(" done\n")

    return ProgressBar()
