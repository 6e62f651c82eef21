"""A picture of the latent space: where the encoder puts the faces of two people.

Each face lies at its code's first two principal components. What two people do alike should lie
close together, whoever does it: then a decoder can be exchanged for the other.
"""

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from deepmeme.train.swap_task import SwapTask
from deepmeme.train.task import Picture

COLOURS = ((232, 93, 76), (76, 132, 232))
"""Of A and of B."""
_SIDE, _FACE, _RIM = 900, 52, 3
_FACES = 60
_GROUND = 250


@torch.no_grad()
def latent_map(task: SwapTask) -> Picture:
    """(900, 900, 3): up to 60 faces of each person at their places."""
    codes, faces = [], []
    task.pair.eval()
    device = next(task.pair.parameters()).device
    for side, person in enumerate(task.people):
        rows = np.linspace(0, len(person) - 1, min(_FACES, len(person))).astype(int)
        squares = person.squares[rows]
        unit = torch.from_numpy(squares).to(device).permute(0, 3, 1, 2).float() / 255
        small = torch.nn.functional.interpolate(unit, size=(task.size, task.size), mode="area")
        code = task.pair.shared(task.pair.encode(small), side)
        codes.append(code.flatten(1).float().cpu().numpy())
        faces.append(squares)
    places = first_two(np.concatenate(codes))
    canvas = np.full((_SIDE, _SIDE, 3), _GROUND, np.uint8)
    order = np.random.default_rng(0).permutation(len(places))  # neither lies on top
    everybody = np.concatenate(faces)
    owner = np.repeat((0, 1), [len(part) for part in faces])
    for index in order.tolist():
        _place(canvas, everybody[index], places[index], COLOURS[owner[index]])
    return canvas


def first_two(codes: NDArray[np.float32]) -> NDArray[np.float64]:
    """(n, d) -> (n, 2) along the directions of most variance, spread over [0, 1]."""
    centred = codes.astype(np.float64) - codes.mean(axis=0)
    _, _, directions = np.linalg.svd(centred, full_matrices=False)
    flat = centred @ directions[:2].T
    if flat.shape[1] < 2:
        flat = np.pad(flat, ((0, 0), (0, 2 - flat.shape[1])))
    low, high = flat.min(axis=0), flat.max(axis=0)
    return np.asarray((flat - low) / np.maximum(high - low, 1e-9), np.float64)


def _place(
    canvas: Picture, face: Picture, place: NDArray[np.float64], colour: tuple[int, int, int]
) -> None:
    small = cv2.resize(face, (_FACE, _FACE), interpolation=cv2.INTER_AREA)
    framed = cv2.copyMakeBorder(small, _RIM, _RIM, _RIM, _RIM, cv2.BORDER_CONSTANT, value=colour)
    room = _SIDE - framed.shape[0]
    left, top = (round(float(part) * room) for part in (place[0], 1 - place[1]))
    canvas[top : top + framed.shape[0], left : left + framed.shape[1]] = framed
