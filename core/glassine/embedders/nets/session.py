"""A network that onnxruntime runs: it measures, and has no gradient."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from ...errors import EntryMissing


class Measured(nn.Module):
    """Runs on the processor through onnxruntime, face by face, and has no gradient."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        try:
            from onnxruntime import InferenceSession
        except ImportError as error:
            raise EntryMissing("embedder", "fr_feature", "onnxruntime") from error
        self._session = InferenceSession(str(path), providers=["CPUExecutionProvider"])

    def forward(self, faces: Tensor) -> Tensor:
        inside = faces.detach().cpu().numpy().astype(np.float32)
        rows = [self._session.run(None, {"input": one[None]})[0] for one in inside]
        return torch.from_numpy(np.concatenate(rows)).to(faces.device)
