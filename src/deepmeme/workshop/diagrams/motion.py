"""How a picture moves, what the warps are, and how a motion model learns without labels."""

import math

from deepmeme.workshop.diagrams.faces import ANNA, BEN, Look, face, film, keypoints
from deepmeme.workshop.diagrams.pen import LINE, SOFT, Pen

_TALKS = Look(turn=0.8, mouth=0.9, skin=BEN.skin, hair=BEN.hair)
_MOVED = Look(turn=0.8, mouth=0.9)


def motion() -> Pen:
    """Source and driving video in, moving picture out."""
    pen = Pen(860, 330, "A source picture and a driving video become a moving picture")
    pen.text(75, 34, "source", bold=True)
    face(pen, 30, 46, 90, ANNA, "source")
    pen.text(75, 300, "driving video", bold=True)
    film(pen, 22, 192, 90, (Look(turn=-0.6, skin=BEN.skin, hair=BEN.hair), BEN, _TALKS), "driving")
    pen.box(178, 62, 108, 56, "keypoints", role="source")
    pen.box(178, 208, 108, 56, "keypoints\nof each frame", role="driving")
    pen.arrow((120, 96), (176, 96))
    pen.arrow((140, 236), (176, 236))
    pen.box(326, 133, 122, 58, "transfer\nthe movement")
    pen.arrow((286, 100), (308, 100), (308, 150), (324, 150))
    pen.arrow((286, 236), (308, 236), (308, 174), (324, 174))
    pen.box(484, 104, 118, 52, "dense flow")
    pen.box(484, 172, 118, 52, "occlusion")
    pen.arrow((448, 152), (464, 152), (464, 130), (482, 130))
    pen.arrow((448, 172), (464, 172), (464, 198), (482, 198))
    pen.network(636, 118, 102, 92, "generator", narrows=False)
    pen.arrow((602, 130), (620, 130), (620, 152), (634, 152))
    pen.arrow((602, 198), (620, 198), (620, 176), (634, 176))
    pen.arrow((120, 62), (150, 62), (150, 34), (692, 34), (692, 126), role="source")
    pen.text(420, 26, "features of the source: looked at once", size=12.5, colour=SOFT)
    film(pen, 762, 126, 68, (Look(turn=-0.6), ANNA, _MOVED), "result")
    pen.arrow((738, 160), (760, 160), role="result")
    pen.text(806, 216, "result", bold=True)
    pen.text(543, 246, "what is seen, what must be made up", size=12.5, colour=SOFT)
    pen.text(385, 210, "relative: how far from", size=12.5, colour=SOFT)
    pen.text(385, 226, "the first frame", size=12.5, colour=SOFT)
    pen.text(806, 236, "one for each", size=12.5, colour=SOFT)
    pen.text(806, 252, "driving frame", size=12.5, colour=SOFT)
    return pen


def warps() -> Pen:
    """K + 1 ways to look at the source, a mask that chooses, one flow."""
    pen = Pen(860, 300, "K plus one candidate warps, chosen by a mask, become one dense flow")
    pen.text(75, 34, "keypoints", bold=True)
    face(pen, 26, 46, 98, ANNA, "source")
    places = keypoints(pen, 26, 46, 98, ANNA)
    for (x, y), turn in zip(places, (-0.5, 0.5, 0.0), strict=True):
        _cross(pen, x, y, 9, turn)
    pen.text(75, 166, "each with a little\nlinear map around it", size=12.5, colour=SOFT)
    pen.text(308, 34, "K + 1 candidate warps", bold=True)
    labels = ("stays", "left eye", "right eye", "mouth")
    for number, label in enumerate(labels):
        x = 172 + number * 70
        _grid(pen, x, 48, 58, number)
        pen.text(x + 29, 122, label, size=12, colour=SOFT)
    pen.text(308, 158, "a mask chooses, pixel by pixel", bold=True)
    for number in range(4):
        _mask(pen, 172 + number * 70, 172, 58, number)
    pen.arrow((130, 96), (166, 78))
    pen.arrow((462, 78), (502, 110))
    pen.arrow((462, 200), (502, 168))
    pen.box(506, 112, 96, 56, "weighted\nsum")
    pen.arrow((602, 140), (636, 140))
    pen.text(690, 72, "dense flow", bold=True)
    _grid(pen, 640, 88, 104, 4)
    pen.arrow((748, 140), (776, 140), role="result")
    face(pen, 780, 108, 64, _MOVED, "result")
    pen.text(812, 194, "the source,", size=12.5, colour=SOFT)
    pen.text(812, 210, "looked at so", size=12.5, colour=SOFT)
    pen.text(430, 276, "Siarohin et al. 2019, Eq. 4 and 7", size=12, colour=SOFT)
    return pen


def training() -> Pen:
    """Two frames of the same clip: one is the source, the other the driver and the answer."""
    pen = Pen(860, 300, "A motion model learns by painting one frame of a clip from another")
    pen.text(92, 40, "any clip", bold=True)
    film(pen, 34, 108, 92, (Look(turn=-0.6), ANNA, _MOVED), "quiet")
    face(pen, 240, 40, 84, Look(turn=-0.6), "source")
    face(pen, 240, 176, 84, _MOVED, "driving")
    pen.text(282, 142, "one frame: source", size=12.5, colour=SOFT)
    pen.text(282, 280, "another: driver, and answer", size=12.5, colour=SOFT)
    pen.arrow((160, 140), (194, 140), (194, 82), (238, 82))
    pen.arrow((160, 160), (194, 160), (194, 218), (238, 218))
    pen.network(392, 96, 130, 108, "motion\nmodel", narrows=False)
    pen.arrow((324, 82), (358, 82), (358, 132), (390, 132), role="source")
    pen.arrow((324, 218), (358, 218), (358, 168), (390, 168), role="driving")
    face(pen, 580, 108, 84, Look(turn=0.7, mouth=0.7, soft=True), "result")
    pen.arrow((522, 150), (577, 150), role="result")
    pen.text(622, 98, "painted", size=12.5, colour=SOFT)
    pen.box(714, 116, 118, 68, "how far from\nthe answer?", role="bad")
    pen.arrow((664, 150), (712, 150))
    pen.arrow((324, 240), (773, 240), (773, 186), role="driving")
    pen.arrow((773, 116), (773, 58), (457, 58), (457, 106), role="bad", dashed=True)
    pen.text(615, 50, "all weights move a little: next time nearer", size=12.5, colour=SOFT)
    return pen


def _cross(pen: Pen, x: float, y: float, arm: float, turn: float) -> None:
    for angle in (turn, turn + math.pi / 2):
        dx, dy = arm * math.cos(angle), arm * math.sin(angle)
        pen.line((x - dx, y - dy), (x + dx, y + dy), colour="#4c8dff", wide=2)


def _grid(pen: Pen, x: float, y: float, side: float, kind: int) -> None:
    """A grid as one of the candidates would bend it; 4 is the sum of all."""
    pen.box(x, y, side, side, role="result" if kind == 4 else "quiet")
    steps = [i / 5 for i in range(1, 5)]
    for at in steps:
        across = [_bent(u / 12, at, kind) for u in range(13)]
        down = [_bent(at, v / 12, kind) for v in range(13)]
        for line in (across, down):
            pen.line(*((x + u * side, y + v * side) for u, v in line), colour=LINE, wide=1.1)


def _bent(u: float, v: float, kind: int) -> tuple[float, float]:
    if kind == 0:
        return u, v
    if kind == 4:
        near = math.exp(-((u - 0.5) ** 2 + (v - 0.55) ** 2) / 0.06)
        return u + 0.13 * near, v + 0.05 * near * math.sin(6 * u)
    turn, dx, dy = ((0.22, 0.05, -0.05), (-0.2, 0.06, 0.03), (0.05, 0.07, 0.09))[kind - 1]
    c, s = math.cos(turn), math.sin(turn)
    a, b = u - 0.5, v - 0.5
    bent = 0.5 + c * a - s * b + dx, 0.5 + s * a + c * b + dy
    return min(1.0, max(0.0, bent[0])), min(1.0, max(0.0, bent[1]))


def _mask(pen: Pen, x: float, y: float, side: float, kind: int) -> None:
    """Bright where a candidate is chosen."""
    pen.shape(((x, y), (x + side, y), (x + side, y + side), (x, y + side)), fill="#1b1e24")
    spots = {1: (0.38, 0.42), 2: (0.64, 0.42), 3: (0.51, 0.72)}
    if kind == 0:
        pen.shape(((x, y), (x + side, y), (x + side, y + side), (x, y + side)), fill="#f3f3ef")
        pen.oval(x + side * 0.5, y + side * 0.54, side * 0.3, side * 0.38, fill="#1b1e24")
        return
    u, v = spots[kind]
    for share, shade in ((0.2, "#6e7178"), (0.15, "#b4b6b9"), (0.1, "#f3f3ef")):
        pen.oval(x + u * side, y + v * side, side * share, side * share, fill=shade)
