"""The face finder learns from composed scenes."""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from deepmeme.data.scene_faces import COLUMNS
from deepmeme.data.scenes import MOST_FACES, Scene, Scenes
from deepmeme.losses.detection import answer_distance, peak_entropy, taken, wanted_maps
from deepmeme.models.faces.finder import STRIDE, UNIT_PX, FaceFinder, FinderConfig, Sightings
from deepmeme.models.motion.portrait_blocks import exact
from deepmeme.train.task import Picture, Turn

_SHOWN = 24
_SHOWN_SURE = 0.4


class FinderTask:
    """Scenes -> a finder; see :class:`deepmeme.train.task.Task`."""

    family = "finder"

    def __init__(
        self, scenes: Scenes, shown: Scenes | None = None, config: FinderConfig | None = None
    ) -> None:
        self.scenes = scenes
        self.shown = shown or scenes
        # Batches come as (b, h, w, c): convolutions on the CPU take a fifth less time that way
        self.finder = FaceFinder(config)
        self.finder.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    @property
    def players(self) -> Mapping[str, nn.Module]:
        """The finder."""
        return {"finder": self.finder}

    @property
    def rates(self) -> Mapping[str, float]:
        """As the options say."""
        return {}

    def facts(self) -> Mapping[str, Any]:
        """Numbers to build it from, and what it saw."""
        return {
            "config": self.finder.config.as_dict(),
            "scene_px": self.scenes.size,
            "side_px": list(self.scenes.side_px),
            "seed": self.scenes.seed,
        }

    def worth_compiling(self) -> Sequence[nn.Module]:
        """All of it."""
        return (self.finder,)

    def batch(self, number: int, size: int, device: torch.device) -> tuple[Tensor, Tensor]:
        """Pictures (b, s, s, 3) uint8 and faces (b, ``MOST_FACES``, ``COLUMNS``)."""
        drawn = [self.scenes(number * size + i) for i in range(size)]
        pictures = torch.from_numpy(np.stack([scene.picture for scene in drawn]))
        faces = torch.from_numpy(np.stack([_padded(scene) for scene in drawn]))
        return pictures.to(device), faces.to(device)

    def turns(self, batch: tuple[Tensor, Tensor], step: int) -> Iterator[Turn]:
        """One: certainty, place, size, lean and points."""
        pictures, faces = batch
        found = self.finder.sightings(_frames(pictures))
        with exact(pictures):
            yield Turn("finder", finder_losses(found, faces))

    @torch.no_grad()
    def preview(self, device: torch.device) -> Picture:
        """Held-out scenes with labels (green) and what is found (red, brighter when surer)."""
        scenes = [self.shown(-1 - i & 0xFFFF) for i in range(_SHOWN)]
        pictures = torch.from_numpy(np.stack([scene.picture for scene in scenes])).to(device)
        found = Sightings(*(part.cpu() for part in self.finder.sightings(_frames(pictures))))
        cells = [
            _drawn(scene, Sightings(*(part[i : i + 1] for part in found)))
            for i, scene in enumerate(scenes)
        ]
        columns = 6
        lines = [cells[i : i + columns] for i in range(0, len(cells), columns)]
        return np.concatenate([np.concatenate(line, 1) for line in lines])


def finder_losses(found: Sightings, faces: Tensor) -> dict[str, Tensor]:
    """Weighted terms for faces (b, n, ``COLUMNS``) in pixels."""
    height, width = found.certainty.shape[2:]
    wanted = wanted_maps(faces, (height, width), STRIDE)
    own = taken(faces, wanted)
    x, y = (
        (torch.arange(length, device=faces.device) + 0.5) * STRIDE for length in (width, height)
    )
    cell = torch.stack(torch.meshgrid(x, y, indexing="xy"))
    side = own[:, 2:3].clamp(min=1)
    places = own[:, 6:]
    points = (places - cell.repeat(places.shape[1] // 2, 1, 1)) / side
    return {
        "peaks": peak_entropy(found.certainty, wanted),
        "offset": 4 * answer_distance(found.offset, (own[:, :2] - cell) / side, wanted),
        "side": 2 * answer_distance(found.log_side, (side / UNIT_PX).log(), wanted),
        "down": answer_distance(found.down, own[:, 3:5], wanted),
        "points": 4 * answer_distance(found.points, points, wanted),
    }


def _frames(pictures: Tensor) -> Tensor:
    return pictures.permute(0, 3, 1, 2).float() / 255


def _padded(scene: Scene) -> np.ndarray[Any, np.dtype[np.float32]]:
    rows = np.zeros((MOST_FACES, COLUMNS), np.float32)
    rows[: len(scene.faces)] = scene.faces
    return rows


def _drawn(scene: Scene, found: Sightings) -> Picture:
    picture = scene.picture.copy()
    for x, y, side, dx, dy, weight in scene.faces[:, :6].tolist():
        _square(picture, (x, y), side, (dx, dy), (0, 255, 0) if weight else (0, 120, 0))
    sure = found.certainty.sigmoid()
    peak = (F.max_pool2d(sure, 5, 1, 2) == sure) & (sure > _SHOWN_SURE)
    for row, column in peak[0, 0].nonzero().tolist():
        side = UNIT_PX * math.exp(min(3.0, float(found.log_side[0, 0, row, column])))
        dx, dy = found.offset[0, :, row, column].tolist()
        middle = ((column + 0.5) * STRIDE + dx * side, (row + 0.5) * STRIDE + dy * side)
        lean = tuple(found.down[0, :, row, column].tolist())
        shade = int(255 * float(sure[0, 0, row, column]))
        _square(picture, middle, side, lean, (shade, 0, 0))
    return np.asarray(picture, np.uint8)


def _square(
    picture: Picture,
    middle: tuple[float, float],
    side: float,
    down: tuple[float, ...],
    shade: tuple[int, int, int],
) -> None:
    below = np.array(down) * side / 2
    right = np.array([below[1], -below[0]])
    corners = [np.array(middle) + a * below + b * right for a, b in _CORNERS]
    cv2.polylines(picture, [np.round(np.stack(corners)).astype(np.int32)], True, shade, 1)


_CORNERS = ((-1, -1), (-1, 1), (1, 1), (1, -1))
