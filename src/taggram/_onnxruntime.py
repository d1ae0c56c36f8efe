"""ONNX Runtime without its telemetry.

From 1.32 on it reports its use to its maker, on every system, unless this variable is set before it is imported.
"""

from __future__ import annotations

import os

os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

import onnxruntime

__all__ = ["onnxruntime"]
