"""What a portrait gives as texture: person and background apart, skin without its openings.

All pictures here are the portrait enlarged by ``ENLARGED``, in RGB float32 of 0..255.
"""

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from deepmeme.data.portraits_fit import Floats

ENLARGED = 2
"""Portraits are small (225x275): openings are cut and textures sampled at twice the size."""

_LASHES = 0.75  # how dark the edge of a lid is drawn, which shows as a line in a closed eye

EYE_OPENINGS = (
    (33, 246, 161, 160, 159, 158, 157, 173, 133, 155, 154, 153, 145, 144, 163, 7),
    (263, 466, 388, 387, 386, 385, 384, 398, 362, 382, 381, 380, 374, 373, 390, 249),
)
MOUTH_OPENING = (
    78,
    191,
    80,
    81,
    82,
    13,
    312,
    311,
    310,
    415,
    308,
    324,
    318,
    402,
    317,
    14,
    87,
    178,
    88,
    95,
)
"""Face-mesh landmarks around the openings."""


class Textures(NamedTuple):
    """Pictures to sample from, all of the same size (h, w)."""

    portrait: Floats  # (h, w, 3) as it is
    person: Floats  # (h, w, 3) without the background's colour in soft edges
    skin: Floats  # (h, w, 3) person with eyes and mouth filled by the skin around them
    alpha: Floats  # (h, w) 1 = person
    openings: Floats  # (h, w, 2) in [0, 1]: inside of the eyes, inside of the mouth
    background: Floats  # (h, w, 3) with the person filled in


def enlarge(image: NDArray[np.uint8]) -> Floats:
    """The picture at ``ENLARGED`` times its size, as float32 of 0..255."""
    height, width = image.shape[:2]
    grown = cv2.resize(
        image.astype(np.float32),
        (width * ENLARGED, height * ENLARGED),
        interpolation=cv2.INTER_CUBIC,
    )
    return np.asarray(np.clip(grown, 0, 255), np.float32)


def enlarged_px(places: Floats) -> Floats:
    """Pixel coordinates (and depths) of the portrait as those of the enlarged picture."""
    moved = np.asarray(places * np.float32(ENLARGED), np.float32)
    moved[..., :2] += (ENLARGED - 1) / 2
    return moved


def build_textures(
    image: NDArray[np.uint8], matte: NDArray[np.uint8], landmarks: Floats
) -> Textures:
    """Textures from a portrait (h, w, 3), its person matte (h, w) and its landmarks (px of it)."""
    portrait = enlarge(image)
    height, width = portrait.shape[:2]
    alpha = cv2.resize(matte, (width, height), interpolation=cv2.INTER_LINEAR).astype(np.float32)
    alpha = np.clip((alpha / 255 - 0.1) / 0.8, 0, 1)
    xy = enlarged_px(landmarks)[:, :2]
    eyes, mouth = (
        opening_mask(xy, EYE_OPENINGS, alpha.shape),
        opening_mask(xy, (MOUTH_OPENING,), alpha.shape),
    )
    sure = (alpha > 0.97).astype(np.float32)
    soft = alpha[..., None]
    own = fill(portrait, sure)
    person = portrait * (soft > 0.97) + (own * (1 - soft) + portrait * soft) * (soft <= 0.97)
    face = max(float(np.ptp(xy[:, 1])), 1.0)
    skin = _close_openings(person, eyes + mouth, margin=face / 160)
    skin *= 1 - _LASHES * _rim(xy, EYE_OPENINGS, alpha.shape)[..., None]
    far = cv2.erode((alpha < 0.03).astype(np.float32), np.ones((13, 13), np.uint8))
    background = portrait * far[..., None] + fill(portrait, far) * (1 - far[..., None])
    soften = int(face / 40) * 2 + 1
    openings = np.stack([eyes, mouth], -1)
    return Textures(
        portrait,
        person.astype(np.float32),
        skin,
        alpha,
        openings,
        _blend_filled(background, far, soften),
    )


def opening_mask(xy: Floats, rings: tuple[tuple[int, ...], ...], shape: tuple[int, ...]) -> Floats:
    """(h, w) in [0, 1]: inside of closed rings of landmarks, antialiased."""
    fine = np.zeros(shape, np.uint8)
    for ring in rings:
        corners = np.rint(xy[list(ring)] * 16).astype(np.int32)
        cv2.fillPoly(fine, [corners], 255, lineType=cv2.LINE_AA, shift=4)
    return np.asarray(fine.astype(np.float32) / 255, np.float32)


def _rim(xy: Floats, rings: tuple[tuple[int, ...], ...], shape: tuple[int, ...]) -> Floats:
    """(h, w) in [0, 1]: a soft line along closed rings of landmarks."""
    line = np.zeros(shape, np.uint8)
    for ring in rings:
        corners = np.rint(xy[list(ring)] * 16).astype(np.int32)
        cv2.polylines(line, [corners], True, 255, 1, cv2.LINE_AA, 4)
    return np.asarray(cv2.GaussianBlur(line.astype(np.float32) / 255, (0, 0), 0.7), np.float32)


def fill(picture: Floats, weight: Floats) -> Floats:
    """Spread the known pixels (weight 1) over the unknown ones, smoothly (push-pull pyramid)."""
    colour, known = picture * weight[..., None], weight
    levels = [(colour, known)]
    while min(known.shape) > 2:
        colour, known = cv2.pyrDown(colour), cv2.pyrDown(known)
        levels.append((colour, known))
    spread = levels[-1][0] / np.maximum(levels[-1][1], 1e-6)[..., None]
    for colour, known in reversed(levels[:-1]):
        height, width = known.shape
        spread = cv2.pyrUp(spread, dstsize=(width, height))
        share = np.clip(known * 2, 0, 1)[..., None]
        spread = spread * (1 - share) + colour / np.maximum(known, 1e-6)[..., None] * share
    return np.asarray(spread, np.float32)


def _close_openings(picture: Floats, inside: Floats, margin: float) -> Floats:
    """The picture with openings covered by the nearest pixels outside of them."""
    outside = (inside < 0.02).astype(np.uint8)
    reach = 2 * int(np.ceil(margin)) + 1
    outside = cv2.erode(outside, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (reach, reach)))
    _, labels = cv2.distanceTransformWithLabels(
        1 - outside, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
    )
    places = np.zeros(int(labels.max()) + 1, np.int64)
    flat = np.flatnonzero(outside.ravel())
    places[labels.ravel()[flat]] = flat
    nearest = picture.reshape(-1, 3)[places[labels]]
    blurred = cv2.GaussianBlur(nearest, (0, 0), 1.5)
    hidden = cv2.GaussianBlur((1 - outside).astype(np.float32), (0, 0), 0.7)[..., None]
    hidden *= (1 - outside)[..., None]
    return np.asarray(picture * (1 - hidden) + blurred * hidden, np.float32)


def _blend_filled(picture: Floats, known: Floats, soften: int) -> Floats:
    """Blur the invented part a little, so that its pyramid does not show."""
    blurred = cv2.GaussianBlur(picture, (soften, soften), 0)
    return np.asarray(picture * known[..., None] + blurred * (1 - known[..., None]), np.float32)


def person_matte(image: NDArray[np.uint8], landmarks: Floats) -> NDArray[np.uint8]:
    """(h, w) 255 = person, by colour from a guess around the face (GrabCut); for plain backgrounds.

    A matting network's mask is better where there is one.
    """
    height, width = image.shape[:2]
    low, high = landmarks[:, :2].min(0), landmarks[:, :2].max(0)
    (x, y), (wide, tall) = (low + high) / 2, high - low
    guess = np.full((height, width), cv2.GC_PR_BGD, np.uint8)
    guess[: max(int(low[1] - 0.6 * tall), 2)] = cv2.GC_BGD
    centre = (int(x), int(y - 0.1 * tall))
    cv2.ellipse(guess, centre, (int(0.8 * wide), int(0.85 * tall)), 0, 0, 360, cv2.GC_PR_FGD, -1)
    guess[int(high[1] + 0.35 * tall) :] = cv2.GC_PR_FGD
    cv2.ellipse(
        guess, (int(x), int(y)), (int(0.42 * wide), int(0.46 * tall)), 0, 0, 360, cv2.GC_FGD, -1
    )
    cv2.setRNGSeed(0)
    bgr = np.ascontiguousarray(image[..., ::-1])
    cv2.grabCut(bgr, guess, None, np.zeros((1, 65)), np.zeros((1, 65)), 3, cv2.GC_INIT_WITH_MASK)
    person = ((guess == cv2.GC_FGD) | (guess == cv2.GC_PR_FGD)).astype(np.uint8) * 255
    return np.asarray(cv2.GaussianBlur(person, (0, 0), 1.0), np.uint8)
