"""The answers to the predictions, worked out without the course: with pencil and paper, or from where they were asked.

The tests hold what the real layers say against them.
"""

from __future__ import annotations

from course_utils.exercises.record import Value

#: By lesson, then by name, in the order of the notebook.
PREDICTED: dict[str, dict[str, tuple[Value, ...]]] = {
    # The first from the question on Stack Overflow and Keras's documentation.
    "00": {"sizes": (28, 14, 14, 7, 7, 4, 4, 8, 8, 16, 14, 28, 28), "other_size": ("28 × 28",)},
    "01": {
        "shrink": (63, 62, 60, 58),
        "places": (5,),
        "even_pads": (1, 2),
        "rim": (4, 6, 9),
        "too_big": ("an error", "3 × 3"),
        "stacked": (5, 16),
        "typo": (9,),
    },
    "02": {
        "steps": ("3 × 3", 1),
        "promise": (4, 4),
        "one_sided": (0, 1),
        "border_of_n": (2, 1, 2, 1),
        "port_values": (4, "every one of them"),
        "spread": (7, 9),
        "together": (5, 4),
    },
    "03": {
        "pool_weights": (0, 16),
        "pool_of_three": (10,),
        "odd_half": ("4 × 4", "3 × 3"),
        "ghost_worth": ("−7", "7"),
        "divisors": (4, 2, 1),
        "any_map": (16, 16),
        "moved": (1, 1, 2),
    },
    "04": {
        "doubled": (6, 36, 0),
        "there_and_back": (4, 8, 2),
        "blend": (0, 3, 9, 12),
        "stamps": (5, 11),
        "short_stamps": (12, 4),
        "lengths": (3, 5, 7, 21),
        "undo": (6, "none of them"),
        "three_sizes": (15, 13, 14),
        "checker": (9, 16),
    },
    "05": {
        "uneven": (6, 11),
        "third": (32, 32),
        "three_sizes": (20, 28, 28),
        "crop_only": (9,),
        "loss_takes": ("an error", "a number"),
        "squeeze": (128,),
    },
    "06": {
        "join": (75, 74),
        "same_join": (75, 76),
        "grid": (13, 12),
        "leak": (4,),
    },
}
