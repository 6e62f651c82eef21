"""The light landmark network learns from crops of the banks' faces."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import cv2
import numpy as np
import torch
from torch import Tensor, nn

from deepmeme.data.face_crops import FaceCrops
from deepmeme.data.ict import KEYPOINT_NAMES
from deepmeme.losses.keypoints import heatmap_spread, keypoint_distance, opening_distance
from deepmeme.models.faces.landmarks import FaceLandmarks, LandmarkConfig
from deepmeme.models.motion.portrait_blocks import exact, expectation
from deepmeme.models.motion.portrait_points import OPENINGS, rows, weights_of
from deepmeme.train.sheet import dotted
from deepmeme.train.task import Picture, Turn

NAMES = tuple(name for name in KEYPOINT_NAMES if not name.startswith(("crown", "neck")))
"""What fits into a crop of the face: 68 landmarks, irises, forehead and ears."""

_SHOWN = 32


class LandmarkTask:
    """Crops -> points; see :class:`deepmeme.train.task.Task`."""

    family = "landmarks"

    def __init__(self, crops: FaceCrops, shown: FaceCrops | None = None) -> None:
        self.crops, self.shown = crops, shown or crops
        config = LandmarkConfig(crops.names, crops.size, crops.framing)
        self.network = FaceLandmarks(config)
        self.network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.weights = torch.tensor(weights_of(crops.names))
        pairs = [(a, b) for a, b in OPENINGS if {a, b} <= set(crops.names)]
        self.first = rows(crops.names, [a for a, _ in pairs])
        self.second = rows(crops.names, [b for _, b in pairs])

    @property
    def players(self) -> Mapping[str, nn.Module]:
        """The network."""
        return {"landmarks": self.network}

    @property
    def rates(self) -> Mapping[str, float]:
        """As the options say."""
        return {}

    def facts(self) -> Mapping[str, Any]:
        """Numbers to build it from."""
        return {"config": self.network.config.as_dict(), "seed": self.crops.seed}

    def worth_compiling(self) -> Sequence[nn.Module]:
        """All of it."""
        return (self.network,)

    def batch(self, number: int, size: int, device: torch.device) -> tuple[Tensor, ...]:
        """Pictures (b, r, r, 3) uint8, xy (b, k, 2) and visible (b, k)."""
        drawn = [self.crops(number * size + i) for i in range(size)]
        parts = (torch.from_numpy(np.stack(part)) for part in zip(*drawn, strict=True))
        return tuple(part.to(device) for part in parts)

    def turns(self, batch: tuple[Tensor, Tensor, Tensor], step: int) -> Iterator[Turn]:
        """One: points, openings of lids and lips, peaks of the maps."""
        pictures, xy, visible = batch
        logits = self.network.heatmaps(pictures.permute(0, 3, 1, 2).float() / 255)
        found = expectation(logits)
        with exact(pictures):
            inside = (xy.abs() < 1.05).all(-1).float()
            weight = self.weights.to(xy.device) * inside * (0.4 + 0.6 * visible.float())
            yield Turn(
                "landmarks",
                {
                    "points": 10 * keypoint_distance(found, xy, weight),
                    "openings": 10 * opening_distance(found, xy, self.first, self.second),
                    "maps": 0.05 * heatmap_spread(logits.float(), xy, 0.03),
                },
            )

    @torch.no_grad()
    def preview(self, device: torch.device) -> Picture:
        """Held-out crops with labels (green) and what is found (red)."""
        crops = [self.shown(i) for i in range(_SHOWN)]
        pictures = torch.from_numpy(np.stack([crop.picture for crop in crops])).to(device)
        found = self.network(pictures.permute(0, 3, 1, 2).float() / 255)
        cells = []
        for crop, xy in zip(crops, found, strict=True):
            large = cv2.resize(crop.picture, (256, 256), interpolation=cv2.INTER_LINEAR)
            marked = dotted(np.asarray(large, np.uint8), torch.from_numpy(crop.xy))
            cells.append(dotted(marked, xy, (255, 0, 0)))
        columns = 8
        lines = [cells[i : i + columns] for i in range(0, len(cells), columns)]
        return np.concatenate([np.concatenate(line, 1) for line in lines])
