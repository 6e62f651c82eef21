"""Mouth and eyes once more, at full size, each in a window that turns with the face.

People look at mouths and eyes; the painter of the whole picture sees them at half the size and
between everything else. A close-up cuts them out level and at a constant size, adds a correction,
and puts it back. Left eyes are mirrored: one network knows right eyes only.
"""

from collections.abc import Sequence
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from deepmeme.models.motion.portrait_blocks import Residual, Unit, exact
from deepmeme.models.motion.portrait_openings import Openings
from deepmeme.models.motion.portrait_points import rows
from deepmeme.nn.grid import coordinate_grid

MOUTH_PX, EYE_PX = 80, 40
"""Sides of the cut-outs: at 256x256 and the usual framing about a pixel for a pixel."""
MOUTH_REACH, EYE_REACH = 0.75, 0.42
"""Half a window's side, in distances between eyes (or from eyes to mouth, if that is more)."""
RIM = 0.2
"""Over this share of half a window the correction fades to nothing at its edge."""

LIPS = (*(f"lip_outer_{i}" for i in range(12)), *(f"lip_inner_{i}" for i in range(8)))


class Window(NamedTuple):
    """Squares on the picture: (u, v) in [-1, 1] is the place centre + u across + v down."""

    centre: Tensor  # (b, 2)
    across: Tensor  # (b, 2)
    down: Tensor  # (b, 2)

    def grid(self, side: int) -> Tensor:
        """(b, side, side, 2): where each place of the window is in the picture."""
        uv = coordinate_grid(side, side, like=self.centre)
        return (
            self.centre[:, None, None]
            + uv[..., :1] * self.across[:, None, None]
            + uv[..., 1:] * self.down[:, None, None]
        )

    def inside(self, xy: Tensor) -> Tensor:
        """Places (..., 2) or (b, n, 2) of the picture in the window's (u, v), (b, n, 2)."""
        offset = xy - self.centre[:, None]
        scale = self.across.square().sum(-1)[:, None]
        u = (offset * self.across[:, None]).sum(-1) / scale
        v = (offset * self.down[:, None]).sum(-1) / scale
        return torch.stack([u, v], -1)


class CloseUps(NamedTuple):
    """What was cut out, and what is to be added to it."""

    mouth: Tensor
    """(b, 3, 80, 80) of the prediction."""
    mouth_added: Tensor
    """(b, 3, 80, 80)."""
    eyes: Tensor
    """(2 b, 3, 40, 40): right eyes, then left ones mirrored."""
    eyes_added: Tensor
    """(2 b, 3, 40, 40)."""
    windows: tuple[Window, Window, Window]
    """Mouth, right eye, left eye."""


class CloseUp(nn.Module):
    """A cut-out (b, inputs, s, s) and points (b, points) -> a correction (b, 3, s, s)."""

    def __init__(self, inputs: int, points: int, width: int, blocks: int) -> None:
        super().__init__()
        self.enter = Unit(inputs, width, stride=2, kernel=5)
        self.think = nn.Linear(points, width)
        self.body = nn.Sequential(*(Residual(width) for _ in range(blocks)))
        self.out = nn.Conv2d(width, 4 * 3, 3, padding=1)
        nn.init.zeros_(self.out.weight)
        assert self.out.bias is not None
        nn.init.zeros_(self.out.bias)

    def forward(self, seen: Tensor, points: Tensor) -> Tensor:
        features = self.enter(seen) + self.think(points)[:, :, None, None]
        out = F.pixel_shuffle(self.out(self.body(features)), 2)
        return torch.tanh(out.float())


class Retoucher(nn.Module):
    """A prediction (b, 3, h, w) -> corrections of its mouth and eyes."""

    rim_mouth: Tensor
    rim_eye: Tensor

    def __init__(self, names: Sequence[str], *, mouth_width: int = 64, eye_width: int = 40) -> None:
        super().__init__()
        self.lips = rows(names, LIPS)
        self.outer = rows(names, LIPS[:12])
        self.eyes = [
            rows(names, [*(f"eye_{side}_{i}" for i in range(6)), f"iris_{side}"]) for side in "rl"
        ]
        self.mouth = CloseUp(9, 4 * len(self.lips), mouth_width, 4)
        self.eye = CloseUp(8, 4 * len(self.eyes[0]), eye_width, 3)
        self.register_buffer("rim_mouth", rim(MOUTH_PX), persistent=False)
        self.register_buffer("rim_eye", rim(EYE_PX), persistent=False)

    def forward(
        self,
        prediction: Tensor,
        warped: Tensor,
        openings: Openings,
        driving: Tensor,
        source: Tensor,
    ) -> CloseUps:
        """Keypoints (b, k, 2); all pictures (b, c, h, w), the openings at half the size."""
        with exact(prediction):
            there, here = self.windows(driving), self.windows(source)
            pictures, masks = torch.cat([prediction, warped], 1) - 0.5, openings.stacked()
            mouth = cut(pictures, there[0], MOUTH_PX)
            opened = cut(masks[:, ::2], there[0], MOUTH_PX)
            edge = self.rim_mouth.expand(len(mouth), -1, -1, -1)
            eyes = torch.cat([cut(pictures, window, EYE_PX) for window in there[1:]])
            ajar = torch.cat([cut(masks[:, 1::2], window, EYE_PX) for window in there[1:]])
            lips, right, left = (
                torch.cat([now.inside(driving[:, part]), was.inside(source[:, part])], 1)
                for now, was, part in zip(there, here, (self.lips, *self.eyes), strict=True)
            )
        mouth_added = self.mouth(torch.cat([mouth, opened, edge], 1), lips.flatten(1))
        eyes_added = self.eye(torch.cat([eyes, ajar], 1), torch.cat([right, left]).flatten(1))
        return CloseUps(
            mouth[:, :3] + 0.5,
            mouth_added * self.rim_mouth,
            eyes[:, :3] + 0.5,
            eyes_added * self.rim_eye,
            there,
        )

    def windows(self, xy: Tensor) -> tuple[Window, Window, Window]:
        """Mouth, right eye, left eye (mirrored) of faces with keypoints (b, k, 2)."""
        right, left = (xy[:, eye[:6]].mean(1) for eye in self.eyes)
        mouth = xy[:, self.outer].mean(1)
        apart = left - right
        wide = apart.square().sum(-1, keepdim=True).add(1e-8).sqrt()
        tall = (mouth - (right + left) / 2).square().sum(-1, keepdim=True).add(1e-8).sqrt()
        across, size = apart / wide, torch.maximum(wide, tall)
        down = torch.stack([-across[:, 1], across[:, 0]], -1)
        eye, lips = EYE_REACH * size, MOUTH_REACH * size
        return (
            Window(mouth, lips * across, lips * down),
            Window(right, eye * across, eye * down),
            Window(left, -eye * across, eye * down),
        )

    def place(self, prediction: Tensor, found: CloseUps) -> Tensor:
        """The prediction (b, 3, h, w) with the corrections in their places."""
        right, left = found.eyes_added.chunk(2)
        atlas = torch.cat([found.mouth_added, torch.cat([right, left], 2)], 3)  # (b, 3, 80, 120)
        height, width = prediction.shape[2:]
        with exact(prediction):
            places = coordinate_grid(height, width, like=prediction).flatten(0, 1)[None]
            spot = torch.full_like(places, -3.0).expand(len(prediction), -1, -1)
            for window, cell in zip(found.windows, CELLS, strict=True):
                uv = window.inside(places)
                within = (uv.abs() < 1).all(-1, keepdim=True)
                origin, scale = uv.new_tensor(cell[:2]), uv.new_tensor(cell[2:])
                spot = torch.where(within, origin + scale * uv, spot)
            added = F.grid_sample(
                atlas, spot.view(-1, height, width, 2), padding_mode="zeros", align_corners=True
            )
        return (prediction + added).clamp(0, 1)


def _cell(left: int, top: int, side: int) -> tuple[float, float, float, float]:
    """Where a window of ``side`` lies in the atlas: middle and half sides in its [-1, 1]."""
    width, height = MOUTH_PX + EYE_PX - 1, MOUTH_PX - 1
    half = (side - 1) / 2
    return (
        2 * (left + half) / width - 1,
        2 * (top + half) / height - 1,
        2 * half / width,
        2 * half / height,
    )


CELLS = (_cell(0, 0, MOUTH_PX), _cell(MOUTH_PX, 0, EYE_PX), _cell(MOUTH_PX, EYE_PX, EYE_PX))


def cut(picture: Tensor, window: Window, side: int) -> Tensor:
    """(b, c, h, w) -> (b, c, side, side)."""
    return F.grid_sample(
        picture, window.grid(side), padding_mode="border", align_corners=True, mode="bilinear"
    )


def rim(side: int) -> Tensor:
    """(1, 1, side, side): 1 inside, falling to 0 at the edge, smooth at both ends."""
    line = torch.linspace(-1, 1, side).abs()
    fall = ((1 - line) / RIM).clamp(0, 1)
    fall = fall * fall * (3 - 2 * fall)
    return (fall[:, None] * fall)[None, None]
