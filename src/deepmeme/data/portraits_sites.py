"""Where the 468 face-mesh landmarks lie on the head model.

Found once from many fitted portraits: each landmark is laid onto each fitted surface, the places
are averaged on the neutral head, and landmarks of the lids and lips are put onto the model's own
edge loops, because there half a millimetre decides whether an eye can close.
"""

import heapq
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from deepmeme.data.portraits_fit import (
    JAW_CONTOUR,
    LANDMARKS_68,
    FitBasis,
    FitOptions,
    Floats,
    HeadFit,
    fit_head,
)

Indices = NDArray[np.int64]

# Face-mesh landmarks along each loop; the 68-landmark numbers of the loop's corners in order.
_LOOPS: tuple[tuple[tuple[int, ...], tuple[int, ...]], ...] = (
    (
        (33, 246, 161, 160, 159, 158, 157, 173, 133, 155, 154, 153, 145, 144, 163, 7),
        (36, 37, 38, 39, 40, 41),
    ),
    (
        (263, 466, 388, 387, 386, 385, 384, 398, 362, 382, 381, 380, 374, 373, 390, 249),
        (42, 43, 44, 45, 46, 47),
    ),
    (
        (61, 185, 40, 39, 37, 0, 267, 269, 270, 409, 291, 375, 321, 405, 314, 17, 84, 181, 91, 146),
        (48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59),
    ),
    (
        (78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308, 324, 318, 402, 317, 14, 87, 178, 88, 95),
        (60, 61, 62, 63, 64, 65, 66, 67),
    ),
)


class Sites(NamedTuple):
    """Places on the model's surface: corners of a triangle and their shares."""

    vertices: Indices  # (n, 3)
    shares: Floats  # (n, 3), each row adds up to one

    def read(self, values: NDArray[np.floating]) -> Floats:
        """Interpolate per-vertex ``values`` (..., v, d) at the sites: (..., n, d)."""
        picked = values[..., self.vertices, :].astype(np.float32)
        return np.asarray((picked * self.shares[:, :, None]).sum(-2), np.float32)


class Head(NamedTuple):
    """What fitting needs of a morphable head."""

    neutral: Floats  # (v, 3) cm
    identity: NDArray[np.floating]  # (i, v, 3)
    expression: NDArray[np.floating]  # (e, v, 3)
    triangles: NDArray[np.integer]  # (t, 3)
    landmarks: Indices  # (68,) vertices of the iBUG landmarks
    num_face: int  # vertices before this one are the face's skin

    def basis(self, sites: Sites) -> FitBasis:
        """The model read at ``sites``."""
        return FitBasis(
            sites.read(self.neutral), sites.read(self.identity), sites.read(self.expression)
        )


def at_vertices(vertices: Indices) -> Sites:
    """Sites on the vertices themselves."""
    shares = np.zeros((len(vertices), 3), np.float32)
    shares[:, 0] = 1.0
    return Sites(np.repeat(vertices[:, None], 3, axis=1), shares)


def landmark_weights() -> Floats:
    """Trust in each of the 468 landmarks: the outline little, eyes and lips most."""
    weight = np.ones(468, np.float32)
    weight[JAW_CONTOUR] = 0.15
    for loop, _ in _LOOPS:
        weight[list(loop)] = 4.0
    return weight


def edge_loop(head: Head, corners: Sequence[int]) -> Indices:
    """The closed path of mesh edges through ``corners`` (vertices), shortest between each two."""
    skin = head.triangles[(head.triangles < head.num_face).all(1)]
    neighbours: dict[int, set[int]] = {}
    for a, b, c in skin.tolist():
        for u, v in ((a, b), (b, c), (c, a)):
            neighbours.setdefault(u, set()).add(v)
            neighbours.setdefault(v, set()).add(u)
    path: list[int] = []
    for start, end in zip(corners, [*corners[1:], corners[0]], strict=True):
        path += _shortest_path(head.neutral, neighbours, start, end)[:-1]
    return np.array(path, np.int64)


def _shortest_path(
    points: Floats, neighbours: dict[int, set[int]], start: int, end: int
) -> list[int]:
    best = {start: 0.0}
    came: dict[int, int] = {}
    queue = [(0.0, start)]
    while queue:
        distance, vertex = heapq.heappop(queue)
        if vertex == end:
            break
        for other in neighbours[vertex]:
            further = distance + float(np.linalg.norm(points[other] - points[vertex]))
            if further < best.get(other, np.inf):
                best[other], came[other] = further, vertex
                heapq.heappush(queue, (further, other))
    path = [end]
    while path[-1] != start:
        path.append(came[path[-1]])
    return path[::-1]


def _nearest_on_surface(head: Head, points: Floats, candidates: Indices) -> Sites:
    """Closest surface places to ``points`` (model cm) among triangles of ``candidates``."""
    inside = np.zeros(len(head.neutral), bool)
    inside[candidates] = True
    triangles = head.triangles[inside[head.triangles].all(1)].astype(np.int64)
    tree = cKDTree(head.neutral[triangles].mean(1))
    _, near = tree.query(points, k=12)
    corners = head.neutral[triangles[near]]  # (n, 12, 3, 3)
    shares = _project_to_triangle(points[:, None], corners)
    places = (shares[..., None] * corners).sum(-2)
    pick = np.linalg.norm(places - points[:, None], axis=-1).argmin(1)
    row = np.arange(len(points))
    return Sites(triangles[near[row, pick]], shares[row, pick].astype(np.float32))


def _project_to_triangle(point: Floats, corners: Floats) -> Floats:
    """Barycentric shares of the projections of points onto triangles, clamped to the inside."""
    a = corners[..., 0, :]
    u, v = corners[..., 1, :] - a, corners[..., 2, :] - a
    w = point - a
    uu, vv, uv = (u * u).sum(-1), (v * v).sum(-1), (u * v).sum(-1)
    uw, vw = (u * w).sum(-1), (v * w).sum(-1)
    area = np.maximum(uu * vv - uv * uv, 1e-12)
    s, t = (vv * uw - uv * vw) / area, (uu * vw - uv * uw) / area
    shares = np.clip(np.stack([1 - s - t, s, t], -1), 0.0, None)
    return np.asarray(shares / shares.sum(-1, keepdims=True), np.float32)


def _nearest_on_loop(head: Head, points: Floats, loop: Indices) -> Sites:
    """Closest places on a closed path of edges."""
    start, end = head.neutral[loop], head.neutral[np.roll(loop, -1)]
    along = end - start
    length = np.maximum((along**2).sum(-1), 1e-12)
    part = ((points[:, None] - start) * along).sum(-1) / length
    part = np.clip(part, 0.0, 1.0)
    places = start + part[..., None] * along
    pick = np.linalg.norm(places - points[:, None], axis=-1).argmin(1)
    share = part[np.arange(len(points)), pick].astype(np.float32)
    vertices = np.stack([loop[pick], np.roll(loop, -1)[pick], loop[pick]], 1)
    return Sites(vertices, np.stack([1 - share, share, np.zeros_like(share)], 1))


def find_sites(
    head: Head,
    landmarks: Floats,
    outer: Indices,
    *,
    rounds: int = 3,
) -> Sites:
    """Places of the 468 landmarks on the model from many faces ``landmarks`` (p, 468, 3) px.

    ``outer`` lists the skin vertices a landmark may lie on (no insides of lips or nostrils).
    """
    sites = at_vertices(head.landmarks)
    weight = np.ones(68, np.float32)
    weight[:17] = 0.1
    seen = LANDMARKS_68
    for _ in range(rounds):
        basis = head.basis(sites)
        places = np.zeros((468, 3), np.float32)
        for face in landmarks:
            fit = fit_head(face[seen], basis, weight, FitOptions(rounds=5))
            places += _places_on_neutral(head, fit, face, outer) / len(landmarks)
        sites = _settle(head, places, outer)
        seen, weight = np.arange(468), landmark_weights()
    return sites


def _places_on_neutral(head: Head, fit: HeadFit, face: Floats, outer: Indices) -> Floats:
    """Neutral-head places (468, 3) of the skin under each landmark of one fitted face."""
    shape = pose_vertices(head, fit, outer)
    flat = np.array([1.0, 1.0, 0.35], np.float32)
    distance, near = cKDTree(shape * flat).query(face * flat, k=4)
    share = 1.0 / (distance**2 + 1e-3)
    share /= share.sum(1, keepdims=True)
    return np.asarray((head.neutral[outer[near]] * share[..., None]).sum(1), np.float32)


def pose_vertices(head: Head, fit: HeadFit, vertices: Indices) -> Floats:
    """Camera places (n, 3) px of some vertices of a fitted head."""
    shape = head.neutral[vertices] + np.tensordot(
        fit.identity, head.identity[:, vertices].astype(np.float32), axes=(0, 0)
    )
    shape += np.tensordot(
        fit.expression, head.expression[:, vertices].astype(np.float32), axes=(0, 0)
    )
    return np.asarray(fit.scale * shape @ fit.rotation.T + fit.translation, np.float32)


def _settle(head: Head, places: Floats, outer: Indices) -> Sites:
    """Surface sites nearest to averaged places; lids and lips on their own loops."""
    sites = _nearest_on_surface(head, places, outer)
    for members, corners in _LOOPS:
        loop = edge_loop(head, [int(v) for v in head.landmarks[list(corners)]])
        snapped = _nearest_on_loop(head, places[list(members)], loop)
        sites.vertices[list(members)] = snapped.vertices
        sites.shares[list(members)] = snapped.shares
    return sites
