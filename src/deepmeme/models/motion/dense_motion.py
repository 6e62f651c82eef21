"""From a few keypoints to a motion for every pixel (Siarohin et al. 2019, section 3.2)."""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from deepmeme.models.motion.config import DenseMotionConfig
from deepmeme.models.motion.keypoints import Keypoints
from deepmeme.nn.grid import coordinate_grid, gaussian_heatmaps, inverse_2x2, warp
from deepmeme.nn.hourglass import Hourglass
from deepmeme.nn.resample import AntiAliasDown


class Motion(NamedTuple):
    """The answer for one driving frame."""

    deformation: Tensor
    """(b, h, w, 2): where each pixel of the result looks in the source, xy in [-1, 1]."""
    assignment: Tensor
    """(b, k + 1, h, w): soft choice among the candidate motions, slot 0 the still background."""
    occlusion: Tensor | None
    """(b, 1, h, w) in [0, 1]: 1 where the source shows what is needed."""


class DenseMotion(nn.Module):
    """Mixes the k local affine motions and the still background into one deformation."""

    def __init__(
        self,
        config: DenseMotionConfig,
        *,
        num_kp: int,
        num_channels: int,
        estimate_occlusion_map: bool,
        align_corners: bool,
        antialias_sigma: float | None = None,
    ) -> None:
        super().__init__()
        self.hourglass = Hourglass(
            config.block_expansion,
            (num_kp + 1) * (num_channels + 1),
            num_blocks=config.num_blocks,
            max_features=config.max_features,
        )
        features = self.hourglass.out_features
        self.mask = nn.Conv2d(features, num_kp + 1, 7, padding=3)
        self.occlusion = nn.Conv2d(features, 1, 7, padding=3) if estimate_occlusion_map else None
        self.down: AntiAliasDown | None = None
        if config.scale_factor != 1:
            self.down = AntiAliasDown(num_channels, config.scale_factor, sigma=antialias_sigma)
        self.kp_variance = config.kp_variance
        self.align_corners = align_corners

    def heatmaps(self, source: Keypoints, driving: Keypoints, height: int, width: int) -> Tensor:
        """(b, k + 1, h, w): where each keypoint will be minus where it was (Eq. 6)."""
        there = gaussian_heatmaps(driving.xy, height, width, self.kp_variance)
        here = gaussian_heatmaps(source.xy, height, width, self.kp_variance)
        return torch.cat([torch.zeros_like(there[:, :1]), there - here], dim=1)

    @staticmethod
    def sparse_motions(source: Keypoints, driving: Keypoints, height: int, width: int) -> Tensor:
        """(b, k + 1, h, w, 2): T_{S<-D}(z) near each keypoint, to first order (Eq. 4)."""
        identity = coordinate_grid(height, width, like=source.xy)
        offset = identity - driving.xy[:, :, None, None, :]
        if source.jacobian is not None and driving.jacobian is not None:
            affine = source.jacobian @ inverse_2x2(driving.jacobian)
            offset = torch.einsum("bkij,bkhwj->bkhwi", affine, offset)
        motions = offset + source.xy[:, :, None, None, :]
        still = identity.expand_as(motions[:, :1])
        return torch.cat([still, motions], dim=1)

    def candidates(self, small: Tensor, motions: Tensor) -> Tensor:
        """(b, k + 1, c, h, w): the small source under each candidate motion."""
        batch, slots, height, width, _ = motions.shape
        repeated = small.unsqueeze(1).expand(-1, slots, -1, -1, -1).flatten(0, 1)
        warped = warp(repeated, motions.flatten(0, 1), align_corners=self.align_corners)
        return warped.view(batch, slots, -1, height, width)

    def shrink(self, source: Tensor) -> Tensor:
        """The source at the resolution of the motion."""
        return source if self.down is None else self.down(source)

    def forward(self, small: Tensor, source: Keypoints, driving: Keypoints) -> Motion:
        """``small``: the source after :meth:`shrink`, (b, c, h, w)."""
        height, width = small.shape[2:]
        exact = torch.autocast(small.device.type, enabled=False)  # coordinates need 24 bits
        with exact:
            heatmaps = self.heatmaps(source, driving, height, width)
            motions = self.sparse_motions(source, driving, height, width)
        candidates = self.candidates(small, motions)
        features = self.hourglass(torch.cat([heatmaps.unsqueeze(2), candidates], 2).flatten(1, 2))
        assignment = self.mask(features).softmax(1)
        with exact:
            deformation = torch.einsum("bkhw,bkhwi->bhwi", assignment.to(motions.dtype), motions)
        occlusion = None if self.occlusion is None else self.occlusion(features).sigmoid()
        return Motion(deformation, assignment, occlusion)
