"""Fit the head model to the 468 face-mesh landmarks of a still portrait.

Frames of reference. *Model*: the head model's own axes in centimetres (x to the viewer's right,
y up, z to the front). *Camera*: pixels of the portrait (x right, y down, z to the back). A weak
perspective camera joins them: ``camera = scale * rotation @ model + translation`` with a proper
rotation, so the flip of y and z is a half turn about x and part of the rotation.
"""

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

Floats = NDArray[np.float32]

LANDMARKS_68 = np.array(
    [
        162,
        234,
        93,
        58,
        172,
        136,
        149,
        148,
        152,
        377,
        378,
        365,
        397,
        288,
        323,
        454,
        389,
        71,
        63,
        105,
        66,
        107,
        336,
        296,
        334,
        293,
        301,
        168,
        197,
        5,
        4,
        75,
        97,
        2,
        326,
        305,
        33,
        160,
        158,
        133,
        153,
        144,
        362,
        385,
        387,
        263,
        373,
        380,
        61,
        39,
        37,
        0,
        267,
        269,
        291,
        405,
        314,
        17,
        84,
        181,
        78,
        82,
        13,
        312,
        308,
        317,
        14,
        87,
    ],
    np.int64,
)
"""Face-mesh index of each of the 68 iBUG landmarks (jaw, brows, nose, eyes, lips)."""

JAW_CONTOUR = np.array(
    [
        10,
        338,
        297,
        332,
        284,
        251,
        389,
        356,
        454,
        323,
        361,
        288,
        397,
        365,
        379,
        378,
        400,
        377,
        152,
        148,
        176,
        149,
        150,
        136,
        172,
        58,
        132,
        93,
        234,
        127,
        162,
        21,
        54,
        103,
        67,
        109,
    ],
    np.int64,
)
"""Face-mesh outline. It follows the silhouette, not fixed points of the skin: low weight."""


class FitBasis(NamedTuple):
    """The head model read at the sites of n landmarks."""

    mean: Floats  # (n, 3) cm
    identity: Floats  # (i, n, 3) cm for one standard deviation
    expression: Floats  # (e, n, 3) cm for full deflection


class FitOptions(NamedTuple):
    """Strength of the priors; landmarks' noise is taken as one pixel at a 100 px face."""

    identity_prior: float = 0.6  # times coefficient squared
    expression_prior: float = 0.6
    sparsity: float = 0.6  # times coefficient
    depth_weight: float = 0.25  # of z beside x and y
    rounds: int = 8
    max_expression: float = 1.0


class HeadFit(NamedTuple):
    """Pose and coefficients of one portrait."""

    rotation: Floats  # (3, 3) model to camera axes
    scale: float  # px per cm
    translation: Floats  # (3,) px
    identity: Floats  # (i,)
    expression: Floats  # (e,)
    error_px: float  # root mean square over landmarks, x and y, before residual correction


def fit_similarity(model: Floats, camera: Floats, weight: Floats) -> tuple[Floats, float, Floats]:
    """Weighted rotation, scale and translation with ``camera ~ s R model + t`` (Umeyama 1991)."""
    share = weight / weight.sum()
    model_centre, camera_centre = share @ model, share @ camera
    model_offset, camera_offset = model - model_centre, camera - camera_centre
    covariance = (camera_offset * share[:, None]).T @ model_offset
    left, singular, right = np.linalg.svd(covariance.astype(np.float64))
    sign = np.ones(3)
    sign[2] = np.sign(np.linalg.det(left) * np.linalg.det(right))
    rotation = (left * sign) @ right
    variance = float((share[:, None] * model_offset**2).sum())
    scale = float((singular * sign).sum() / variance)
    translation = camera_centre - scale * rotation @ model_centre
    return rotation.astype(np.float32), scale, translation.astype(np.float32)


@njit(cache=True)  # type: ignore[untyped-decorator]
def _bounded_descent(
    normal: NDArray[np.float64],
    target: NDArray[np.float64],
    start: NDArray[np.float64],
    lower: NDArray[np.float64],
    upper: NDArray[np.float64],
    sweeps: int,
) -> NDArray[np.float64]:
    """Minimise x'Nx/2 - t'x inside a box by cyclic coordinate descent."""
    x = start.copy()
    gradient = normal @ x - target
    for _ in range(sweeps):
        largest = 0.0
        for i in range(x.size):
            moved = min(max(x[i] - gradient[i] / normal[i, i], lower[i]), upper[i])
            step = moved - x[i]
            if step != 0.0:
                x[i] = moved
                for j in range(x.size):
                    gradient[j] += step * normal[j, i]
                largest = max(largest, abs(step))
        if largest < 1e-4:
            break
    found: NDArray[np.float64] = x
    return found


def fit_head(
    landmarks: Floats,
    basis: FitBasis,
    weight: Floats,
    options: FitOptions | None = None,
    identity: Floats | None = None,
) -> HeadFit:
    """Pose, identity and expression that bring the basis onto ``landmarks`` (n, 3) camera px.

    Alternates the closed-form pose with a box-constrained ridge for the coefficients:
    expression stays in [0, ``max_expression``]. With ``identity`` given, it is held fixed
    (for the frames of a clip, where one person has one identity).
    """
    options = options or FitOptions()
    num_identity = len(basis.identity)
    modes = np.concatenate([basis.identity, basis.expression])
    coefficients = np.zeros(len(modes), np.float64)
    lower = np.full(len(modes), -3.0)
    upper = np.full(len(modes), 3.0)
    lower[num_identity:], upper[num_identity:] = 0.0, options.max_expression
    if identity is not None:
        coefficients[:num_identity] = identity
        lower[:num_identity] = upper[:num_identity] = identity
    prior = np.full(len(modes), options.identity_prior)
    prior[num_identity:] = options.expression_prior
    size = float(np.ptp(landmarks[:, 1]))
    noise = np.float32(size / 100.0)
    axis = np.array([1.0, 1.0, options.depth_weight], np.float32)
    per_value = (np.sqrt(weight)[:, None] * axis / noise).ravel()
    rotation, scale, translation = fit_similarity(basis.mean, landmarks, weight)
    shape = basis.mean
    for _ in range(options.rounds):
        if coefficients.any():
            rotation, scale, translation = _fit_flat_pose(
                shape, landmarks, weight, axis[2], rotation
            )
        turned = (scale * modes @ rotation.T).reshape(len(modes), -1) * per_value
        residual = (landmarks - translation - scale * basis.mean @ rotation.T).ravel() * per_value
        normal = (turned @ turned.T).astype(np.float64) + np.diag(prior)
        target = (turned @ residual).astype(np.float64)
        target[num_identity:] -= options.sparsity
        coefficients = _bounded_descent(normal, target, coefficients, lower, upper, 300)
        shape = basis.mean + np.tensordot(coefficients.astype(np.float32), modes, axes=(0, 0))
    off = (scale * shape @ rotation.T + translation - landmarks)[:, :2]
    return HeadFit(
        rotation=rotation,
        scale=scale,
        translation=translation,
        identity=coefficients[:num_identity].astype(np.float32),
        expression=coefficients[num_identity:].astype(np.float32),
        error_px=float(np.sqrt((weight[:, None] * off**2).sum() / weight.sum())),
    )


def _fit_flat_pose(
    shape: Floats, landmarks: Floats, weight: Floats, depth_weight: float, rotation: Floats
) -> tuple[Floats, float, Floats]:
    """The pose with the landmarks' depth trusted only by ``depth_weight``.

    The remaining share of each depth is taken from the present rotation of the model
    (one step of expectation-maximisation), which keeps the closed form.
    """
    _, scale, translation = fit_similarity(shape, landmarks, weight)
    trust = depth_weight**2 / (depth_weight**2 + 0.05)
    own = (scale * shape @ rotation.T + translation)[:, 2]
    mixed = landmarks.copy()
    mixed[:, 2] = trust * landmarks[:, 2] + (1 - trust) * own
    return fit_similarity(shape, mixed, weight)
