"""Who is in the picture: everything about a person that stays the same from frame to frame."""

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

LookName = Literal["photo", "cartoon", "marble", "bronze", "painting"]
LOOKS: tuple[LookName, ...] = get_args(LookName)

Colour = NDArray[np.float32]  # (3,) linear RGB, gamma 2

SKIN_TONES = (
    (247, 214, 196),
    (238, 198, 170),
    (224, 176, 143),
    (205, 152, 116),
    (172, 120, 86),
    (132, 88, 62),
    (96, 62, 44),
    (68, 45, 35),
)
HAIR_COLOURS = (
    (18, 15, 14),
    (34, 25, 20),
    (58, 40, 28),
    (92, 62, 40),
    (128, 92, 58),
    (176, 138, 90),
    (214, 184, 134),
    (142, 70, 36),
    (120, 118, 116),
    (196, 194, 190),
)
HAIR_SHARES = (0.2, 0.18, 0.15, 0.12, 0.08, 0.08, 0.05, 0.05, 0.05, 0.04)
IRIS_COLOURS = (
    (88, 54, 30),
    (62, 38, 24),
    (120, 86, 46),
    (96, 118, 78),
    (92, 128, 160),
    (120, 136, 146),
)
IRIS_SHARES = (0.32, 0.3, 0.12, 0.08, 0.12, 0.06)

HairStyle = Literal[
    "bald", "buzz", "short", "parted", "bangs", "bob", "long", "afro", "tied", "beanie"
]
HAIR_STYLES: tuple[HairStyle, ...] = get_args(HairStyle)
HAIR_WOMAN = (0.01, 0.02, 0.08, 0.08, 0.1, 0.22, 0.3, 0.05, 0.12, 0.02)
HAIR_MAN = (0.12, 0.2, 0.36, 0.17, 0.04, 0.02, 0.03, 0.03, 0.0, 0.03)

ClothStyle = Literal["crew", "turtleneck", "v_neck", "shirt", "suit", "hoodie"]
CLOTH_STYLES: tuple[ClothStyle, ...] = get_args(ClothStyle)


@dataclass(frozen=True)
class Person:
    """What was drawn for one person; ``seed`` goes on to the textures."""

    seed: int
    look: LookName
    identity: NDArray[np.float32]
    womanly: float  # 0..1
    age: float  # 0..1
    skin: Colour
    hair: Colour
    hair_style: HairStyle
    iris: Colour
    cloth: Colour
    cloth_2: Colour
    cloth_style: ClothStyle
    makeup: float
    stubble: float
    freckles: float
    glasses: bool


def sample_person(seed: int, look: LookName, num_identity: int) -> Person:
    """Draw a person; the same seed gives the same person in every look."""
    rng = np.random.default_rng((seed, 17))
    womanly = float(rng.beta(0.5, 0.5))
    woman = womanly > 0.5
    age = float(rng.beta(1.3, 2.0))
    identity = (rng.standard_normal(num_identity) * rng.uniform(0.6, 0.95)).clip(-2.2, 2.2)
    tone = rng.uniform(0, len(SKIN_TONES) - 1.001)
    low, share = int(tone), tone % 1
    tones = np.square(np.array(SKIN_TONES, np.float32) / 255)
    skin = (tones[low] * (1 - share) + tones[low + 1] * share) * rng.normal(1, 0.04, 3)
    shares = np.array(HAIR_SHARES)
    if tone > 4:
        shares = shares * [3, 2, 1, 0.3, 0, 0.1, 0.1, 0.1, 1, 1]
    if age > 0.55:
        shares[-2:] += 0.4 * age
    hair = linear(HAIR_COLOURS[rng.choice(len(shares), p=shares / shares.sum())], rng)
    if rng.uniform() < 0.05:
        hair = rng.uniform(0.02, 0.6, 3).astype(np.float32)
    style_shares = np.array(HAIR_WOMAN if woman else HAIR_MAN)
    beard = 0.0 if woman else float(rng.choice([0, 0.25, 0.5, 1.0], p=[0.45, 0.25, 0.15, 0.15]))
    return Person(
        seed=seed,
        look=look,
        identity=identity.astype(np.float32),
        womanly=womanly,
        age=age,
        skin=skin.clip(0.01, 0.95).astype(np.float32),
        hair=hair,
        hair_style=HAIR_STYLES[rng.choice(len(HAIR_STYLES), p=style_shares / style_shares.sum())],
        iris=linear(
            IRIS_COLOURS[
                rng.choice(
                    len(IRIS_SHARES), p=IRIS_SHARES if tone < 4 else (0.5, 0.45, 0.05, 0, 0, 0)
                )
            ],
            rng,
        ),
        cloth=_cloth_colour(rng),
        cloth_2=_cloth_colour(rng),
        cloth_style=CLOTH_STYLES[
            rng.choice(len(CLOTH_STYLES), p=(0.36, 0.1, 0.16, 0.16, 0.14, 0.08))
        ],
        makeup=float(rng.uniform(0, 1) ** 1.5) if woman else 0.0,
        stubble=beard,
        freckles=float(rng.uniform(0.3, 1)) if tone < 3 and rng.uniform() < 0.2 else 0.0,
        glasses=bool(rng.uniform() < 0.16) and look not in ("marble", "bronze"),
    )


def linear(rgb: tuple[int, int, int], rng: np.random.Generator) -> Colour:
    """Eight-bit colour to linear with a little chance in it."""
    colour = np.square(np.array(rgb) / 255 * rng.normal(1, 0.05, 3) * rng.normal(1, 0.08))
    return np.asarray(colour.clip(0.002, 0.95), np.float32)


def _cloth_colour(rng: np.random.Generator) -> Colour:
    grey = rng.uniform(0.02, 0.9)
    hue = rng.uniform(0.03, 0.9, 3)
    share = rng.choice([0.1, 0.5, 0.9])
    colour = np.square(grey * (1 - share) + hue * share).clip(0.004, 0.85)
    return np.asarray(colour, np.float32)
