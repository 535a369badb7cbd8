"""Let the autoencoder of lesson 05 learn digits, and store its weights: python -m tools.learned

Its explorer shows what this very network returns at every size. The file was made once, and is not made again by any
test: what a network learns depends, a little, on the machine.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from course_utils.data import digits
from course_utils.explorers import autoencoder_chain as chains
from course_utils.keras_layers import load_keras

STORED = Path(__file__).parents[1] / "course_utils" / "data" / "learned.npy"
EPOCHS = 60
#: The pictures that the network sees; as in the lesson, it never sees the rest.
SEEN = 1500


def pictures() -> Any:
    """Every digit as a picture of 28 × 28."""
    shades, _ = digits()
    return np.stack([chains.on_paper(one[:, :, 0], 28) for one in shades])[..., np.newaxis].astype("float32")


def learn() -> Any:
    """Return all weights as one row of numbers, layer by layer, kernel and then bias."""
    keras = load_keras()
    keras.utils.set_random_seed(5)
    made = [layer.code.build(layer.name.replace(" ", "_")) for layer in chains.layers(chains.AS_ASKED)]
    model = keras.Sequential([keras.Input((28, 28, 1)), *made])
    model.compile(keras.optimizers.Adam(0.003), "binary_crossentropy")
    seen = pictures()[:SEEN]
    model.fit(seen, seen, batch_size=50, epochs=EPOCHS, verbose=2)
    return np.concatenate([weights.ravel() for weights in model.get_weights()]).astype("float32")


def main() -> None:
    """Store the weights."""
    np.save(STORED, learn())


if __name__ == "__main__":
    main()
