"""Pictures through a narrow place: autoencoder, face swap, VAE, GAN."""

import math

from deepmeme.workshop.diagrams.faces import ANNA, BEN, Look, face
from deepmeme.workshop.diagrams.pen import SOFT, Pen

_CODE = (0.9, 0.2, 0.6, 0.35, 0.8, 0.1)
_SMILING_BEN = Look(mouth=0.9, turn=0.5, skin=BEN.skin, hair=BEN.hair)
_SMILING_ANNA = Look(mouth=0.9, turn=0.5)


def autoencoder() -> Pen:
    """A picture through a few numbers and back."""
    pen = Pen(860, 250, "An autoencoder squeezes a picture into a few numbers and paints it again")
    face(pen, 40, 70, 110, ANNA, "source")
    pen.text(95, 204, "picture: 12,288 numbers", size=12.5, colour=SOFT)
    pen.arrow((150, 125), (196, 125))
    pen.network(200, 60, 140, 130, "encoder")
    pen.arrow((340, 125), (394, 125))
    pen.code(400, 76, _CODE, role="source")
    pen.text(408, 204, "code: a few numbers", size=12.5, colour=SOFT)
    pen.arrow((420, 125), (476, 125))
    pen.network(480, 60, 140, 130, "decoder", narrows=False)
    pen.arrow((620, 125), (676, 125), role="result")
    face(pen, 680, 70, 110, Look(soft=True), "result")
    pen.text(735, 204, "painted again", size=12.5, colour=SOFT)
    pen.arrow((735, 68), (735, 34), (95, 34), (95, 68), role="bad", dashed=True)
    pen.text(415, 26, "learns from the difference", size=12.5, colour=SOFT)
    return pen


def swap() -> Pen:
    """One encoder for two people, a decoder each; at the end the decoders are exchanged."""
    pen = Pen(860, 330, "Two people share one encoder and have a decoder each; swap them")
    face(pen, 40, 46, 96, _SMILING_ANNA, "source")
    pen.text(88, 160, "Anna", bold=True)
    face(pen, 40, 186, 96, BEN, "driving")
    pen.text(88, 300, "Ben", bold=True)
    pen.network(220, 96, 132, 136, "one\nencoder")
    pen.arrow((136, 94), (178, 94), (178, 146), (218, 146), role="source")
    pen.arrow((136, 234), (178, 234), (178, 182), (218, 182), role="driving")
    pen.arrow((352, 164), (402, 164))
    pen.code(406, 114, _CODE)
    pen.text(414, 234, "the expression:\nnot whose it is", size=12.5, colour=SOFT)
    pen.network(510, 40, 132, 106, "Anna's\ndecoder", narrows=False, role="source")
    pen.network(510, 184, 132, 106, "Ben's\ndecoder", narrows=False, role="driving")
    pen.arrow((426, 150), (468, 150), (468, 93), (508, 93), role="source")
    pen.arrow((426, 178), (468, 178), (468, 237), (508, 237), role="result", dashed=True)
    face(pen, 706, 46, 94, _SMILING_ANNA, "source")
    face(pen, 706, 190, 94, _SMILING_BEN, "result")
    pen.arrow((642, 93), (702, 93), role="source")
    pen.arrow((642, 237), (702, 237), role="result", dashed=True)
    pen.text(753, 160, "while it learns", size=12.5, colour=SOFT)
    pen.text(753, 304, "Ben, with Anna's laugh", size=12.5, colour=SOFT)
    return pen


def vae() -> Pen:
    """The code becomes a cloud; drawing from the cloud makes new people."""
    pen = Pen(860, 290, "A VAE gives each picture a small cloud of codes, all within one big cloud")
    face(pen, 36, 78, 100, ANNA, "source")
    pen.arrow((136, 128), (176, 128))
    pen.network(180, 70, 120, 116, "encoder")
    pen.arrow((300, 112), (346, 112), words="middle")
    pen.arrow((300, 146), (346, 146), words="size", above=-16)
    for share in (1.0, 0.72, 0.44):
        pen.oval(432, 130, 84 * share, 84 * share, fill="#8a93a31c")
    for share in (1.0, 0.6):
        pen.oval(404, 112, 26 * share, 18 * share, fill="#4c8dff55")
    pen.dot(414, 106, role="result", radius=5)
    pen.text(432, 238, "all codes together: one round cloud", size=12.5, colour=SOFT)
    pen.text(432, 256, "(that is what the KL term asks for)", size=12.5, colour=SOFT)
    pen.arrow((420, 106), (550, 106), role="result")
    pen.text(528, 96, "draw", size=12.5, colour=SOFT)
    pen.network(554, 70, 120, 116, "decoder", narrows=False)
    pen.arrow((674, 128), (714, 128), role="result")
    face(pen, 718, 78, 100, Look(soft=True, turn=0.2), "result")
    pen.text(768, 202, "painted again,", size=12.5, colour=SOFT)
    pen.text(768, 218, "or somebody new", size=12.5, colour=SOFT)
    pen.arrow((768, 76), (768, 36), (86, 36), (86, 76), role="bad", dashed=True)
    pen.text(427, 28, "learns from the difference", size=12.5, colour=SOFT)
    return pen


def gan() -> Pen:
    """A painter and a critic."""
    pen = Pen(860, 310, "A generator paints, a discriminator judges, and both get better")
    pen.code(44, 60, (0.3, 0.9, 0.5, 0.1, 0.7))
    pen.text(52, 164, "dice", bold=True)
    pen.arrow((66, 100), (122, 100), role="result")
    pen.network(126, 48, 132, 106, "generator", narrows=False, role="result")
    pen.arrow((258, 100), (306, 100), role="result")
    face(pen, 310, 52, 96, Look(turn=0.3, mouth=0.4, soft=True), "result")
    pen.text(358, 166, "painted", size=12.5, colour=SOFT)
    face(pen, 310, 184, 96, BEN, "source")
    pen.text(358, 298, "real", size=12.5, colour=SOFT)
    pen.network(504, 110, 150, 110, "discriminator", role="driving")
    pen.arrow((406, 100), (456, 100), (456, 146), (502, 146), role="result")
    pen.arrow((406, 232), (456, 232), (456, 186), (502, 186), role="source")
    pen.arrow((654, 165), (704, 165))
    _scale(pen, 708, 120)
    pen.arrow((762, 118), (762, 30), (192, 30), (192, 54), role="bad", dashed=True)
    pen.text(478, 22, "the generator learns to look more real", size=12.5, colour=SOFT)
    pen.arrow((762, 214), (762, 268), (580, 268), (580, 214), role="driving", dashed=True)
    pen.text(670, 288, "the discriminator learns to tell", size=12.5, colour=SOFT)
    return pen


def _scale(pen: Pen, x: float, y: float) -> None:
    pen.box(x, y, 112, 92)
    pen.text(x + 56, y + 26, "more real", bold=True)
    wave = [(x + 14 + u * 3, y + 62 - 18 * math.exp(-((u - 8) ** 2) / 18)) for u in range(29)]
    other = [(x + 14 + u * 3, y + 62 - 18 * math.exp(-((u - 20) ** 2) / 18)) for u in range(29)]
    pen.line(*wave, colour="#3ebe76", wide=2)
    pen.line(*other, colour="#4c8dff", wide=2)
    pen.text(x + 56, y + 82, "or less?", bold=True)
