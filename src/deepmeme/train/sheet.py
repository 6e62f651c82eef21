"""Contact sheets: what a model does with the same few pairs, step after step."""

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from deepmeme.data.pairs import PairBatch
from deepmeme.media.montage import BACKDROP, RESULT
from deepmeme.models.motion.keypoints import Keypoints
from deepmeme.models.motion.portrait import PortraitModel

Picture = NDArray[np.uint8]


def picture_of(tensor: Tensor) -> Picture:
    """(3, h, w) or (1, h, w) in [0, 1] -> (h, w, 3) uint8."""
    array = tensor.detach().float().cpu().clamp(0, 1).expand(3, -1, -1).permute(1, 2, 0).numpy()
    return np.asarray((array * 255).round(), np.uint8)


def dotted(picture: Picture, xy: Tensor, colour: tuple[int, int, int] = (0, 255, 0)) -> Picture:
    """A copy with keypoints (k, 2) in [-1, 1] drawn in."""
    picture = picture.copy()
    size = picture.shape[0]
    for x, y in ((xy.detach().float().cpu().numpy() + 1) * (size - 1) / 2).tolist():
        cv2.circle(picture, (round(x), round(y)), 1, colour, -1)
    return picture


def rows_of(rows: Sequence[Sequence[Picture]]) -> Picture:
    """One picture of cells; those of a row are brought to the height of its tallest."""
    strips = []
    for row in rows:
        height = max(cell.shape[0] for cell in row)
        cells = [
            cell if cell.shape[0] == height
            else cv2.resize(cell, (cell.shape[1] * height // cell.shape[0], height))
            for cell in row
        ]  # fmt: skip
        strips.append(np.concatenate(cells, 1))
    return np.asarray(np.concatenate(strips, 0), np.uint8)


def write_sheet(rows: Sequence[Sequence[Picture]], path: Path) -> None:
    """One PNG of cells."""
    sheet = rows_of(rows)
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), np.ascontiguousarray(sheet[..., ::-1]))


@torch.no_grad()
def keypoint_rows(model: PortraitModel, batch: PairBatch) -> list[list[Picture]]:
    """Each driving frame with its labels (green) and with what the model finds (red)."""
    found = model.detect(batch.frames[:, 1]).xy
    rows = []
    for frame, label, xy in zip(batch.frames[:, 1], batch.xy[:, 1], found, strict=True):
        picture = picture_of(frame)
        rows.append([dotted(picture, label), dotted(picture, xy, (255, 0, 0))])
    return [[cell for row in rows[i : i + 4] for cell in row] for i in range(0, len(rows), 4)]


@torch.no_grad()
def motion_rows(model: PortraitModel, batch: PairBatch) -> list[list[Picture]]:
    """A row a pair: source, driving, prediction, warped source, share of it, what is visible."""
    source, driving = batch.frames.unbind(1)
    keypoints = [Keypoints(batch.xy[:, i]) for i in (0, 1)]
    out = model.render(model.encode(source), *keypoints)
    size = source.shape[2:]
    seen = torch.nn.functional.interpolate(out.motion.occlusion, size=size)
    columns = (source, driving, out.prediction, out.warped, out.kept, seen)
    return [[picture_of(part[row]) for part in columns] for row in range(len(source))]


def bars(values: NDArray[np.floating], width: int, height: int) -> Picture:
    """(height, width, 3) a bar for each value, largest first; the largest fills the height."""
    canvas = np.full((height, width, 3), BACKDROP, np.uint8)
    ordered = np.sort(np.maximum(values, 0))[::-1] / max(float(values.max()), 1e-9)
    edges = np.linspace(0, width, len(values) + 1).round().astype(int)
    for share, left, right in zip(ordered, edges[:-1], edges[1:], strict=True):
        top = height - round(float(share) * (height - 2))
        canvas[top:, left : max(left + 1, right - 1)] = RESULT
    return canvas
