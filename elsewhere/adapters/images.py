"""Libraries that resize pictures: Pillow, scikit-image, SciPy, OpenCV; which of them says ELSEWHERE_LIBRARY."""

from __future__ import annotations

import os
from typing import Any

from elsewhere.adapters import Calls, cells
from elsewhere.cases import RESIZING, Case

ORDERS = {"nearest": 0, "bilinear": 1, "bicubic": 3}
PILLOW = {"nearest": "NEAREST", "bilinear": "BILINEAR", "bicubic": "BICUBIC", "lanczos3": "LANCZOS", "area": "BOX"}
OPENCV = {
    "nearest": ("INTER_NEAREST", "INTER_NEAREST_EXACT"),
    "bilinear": ("INTER_LINEAR",),
    "bicubic": ("INTER_CUBIC",),
    "area": ("INTER_AREA",),
    "lanczos3": ("INTER_LANCZOS4",),
}


def calls(case: Case) -> Calls:
    """The ways of each library to make a row of another size."""
    if case.operation != RESIZING:
        return
    size, library = case.size or int(case.n * case.factor), os.environ["ELSEWHERE_LIBRARY"]
    order = ORDERS.get(case.method)
    if library == "Pillow":
        yield f"picture.resize(({size}, 1), Image.{PILLOW[case.method]})"
    elif library == "OpenCV" and not case.antialias:
        for flag in OPENCV[case.method]:
            yield f"cv2.resize(x, ({size}, 1), interpolation=cv2.{flag})"
    elif library == "scikit-image" and order is not None:
        yield f"resize(x, (1, {size}), order={order}, anti_aliasing={case.antialias})"
    elif library == "SciPy" and order is not None and not case.antialias:
        for more in ("", ", grid_mode=True", ', grid_mode=True, mode="nearest"'):
            yield f"ndimage.zoom(x, (1, {size} / {case.n}), order={order}{more})"


def names(case: Case) -> dict[str, Any]:
    """The row, and the library."""
    x, library = cells(case, 1, -1), os.environ["ELSEWHERE_LIBRARY"]
    if library == "Pillow":
        from PIL import Image

        return {"Image": Image, "picture": Image.fromarray(x)}
    if library == "OpenCV":
        import cv2

        return {"cv2": cv2, "x": x}
    if library == "SciPy":
        from scipy import ndimage

        return {"ndimage": ndimage, "x": x}
    from skimage.transform import resize

    return {"resize": resize, "x": x}
