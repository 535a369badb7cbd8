"""Variables of the environment that the course sets, unless somebody else has."""

from __future__ import annotations

#: Read by TensorFlow when it is loaded. The first silences its log; the second keeps it on the portable kernels:
#: without log lines, the same on every processor, and free of the crashes of the faster ones on tiny maps.
FOR_TENSORFLOW = {"TF_CPP_MIN_LOG_LEVEL": "2", "TF_ENABLE_ONEDNN_OPTS": "0"}
