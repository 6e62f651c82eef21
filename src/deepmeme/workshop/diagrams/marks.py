"""What a result carries, and what is left of it on its way through the world."""

from deepmeme.workshop.diagrams.faces import Look, face
from deepmeme.workshop.diagrams.pen import SOFT, Pen

_TALKS = Look(turn=0.5, mouth=0.7)


def marks() -> Pen:
    """One door out, two marks, three fates."""
    pen = Pen(860, 310, "Every result carries a watermark and signed credentials")
    face(pen, 36, 90, 100, _TALKS, "result")
    pen.text(86, 212, "result", bold=True)
    pen.arrow((136, 140), (172, 140))
    pen.box(176, 100, 124, 80, "watermark\nin the pixels", role="source")
    pen.arrow((300, 140), (330, 140))
    pen.box(332, 100, 136, 80, "credentials\nsigned, in the file", role="driving")
    pen.arrow((468, 140), (500, 140))
    pen.text(238, 204, "hidden, survives\nmuch", size=12.5, colour=SOFT)
    pen.text(400, 204, "say who, when, with what;\nany change is seen", size=12.5, colour=SOFT)
    fates = (
        ("untouched", "both are there", "result"),
        ("one pixel changed", "credentials say:\nchanged", "bad"),
        ("sent by a messenger", "the watermark\nalone is left", "source"),
        ("from somewhere else", "nothing found:\nproves nothing", "quiet"),
    )
    pen.text(674, 34, "deepmeme verify", bold=True)
    for number, (fate, told, role) in enumerate(fates):
        y = 50 + number * 62
        pen.box(502, y, 170, 48, fate)
        pen.arrow((672, y + 24), (692, y + 24))
        pen.box(694, y, 146, 48, told, role=role)
    return pen
