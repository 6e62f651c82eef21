"""Who a cartoon person is: colours and proportions."""

from dataclasses import dataclass

import numpy as np

from deepmeme.data.toon_canvas import Colour, mix

WHITE: Colour = (255, 255, 255)
INK: Colour = (52, 32, 34)
MOUTH_Y = 0.283


@dataclass(frozen=True)
class Toon:
    """One cartoon person."""

    skin: Colour = (255, 214, 186)
    hair: Colour = (94, 52, 40)
    iris: Colour = (64, 132, 140)
    lips: Colour = (214, 92, 92)
    cloth: Colour = (242, 178, 62)
    accent: Colour = (255, 244, 222)
    sky: Colour = (134, 200, 208)
    hair_style: str = "bob"  # bob, crop, bun
    hat: str = "none"  # none, cap
    beard: bool = False
    freckles: bool = False
    jaw: float = 0.0
    """0 is soft and narrow, 1 broad."""
    eye: float = 1.0
    """Size of the eyes; 1 is half as large again as human."""
    brow: float = 1.0
    """Thickness of the brows."""
    smile: float = 1.0


@dataclass(frozen=True)
class ToonMoment:
    """What a cartoon face does."""

    lids: tuple[float, float] = (1.0, 1.0)
    """How open the eyes are, the picture's left one first; 1 is as drawn at rest."""
    gaze: tuple[float, float] = (0.0, 0.0)
    """Of the irises, in their radii, to the right and down."""
    jaw: float = 0.0
    """0 shut, 1 wide open."""
    wide: float = 1.0
    """Width of the mouth."""
    smile: float = 0.0
    """Added to the person's own."""
    brows: tuple[float, float] = (0.0, 0.0)
    """1 is raised, -1 is lowered, the picture's left one first."""


REST = ToonMoment()

GIRL = Toon(freckles=True)
CAPTAIN = Toon(
    skin=(240, 188, 150),
    hair=(70, 58, 60),
    iris=(92, 112, 78),
    lips=(212, 112, 100),
    cloth=(42, 66, 104),
    accent=(238, 238, 232),
    sky=(240, 196, 140),
    hair_style="crop",
    hat="cap",
    beard=True,
    jaw=0.85,
    eye=0.9,
    brow=1.7,
    smile=0.7,
)
NAMED = {"girl": GIRL, "captain": CAPTAIN}


def toon(seed: int) -> Toon:
    """Somebody, always the same for a seed."""
    rng = np.random.default_rng(seed)
    skin = mix((255, 222, 196), (112, 70, 50), float(rng.beta(1.1, 1.6)))
    natural: tuple[Colour, ...] = (
        (40, 32, 34),
        (94, 52, 40),
        (150, 88, 48),
        (222, 176, 96),
        (176, 74, 44),
        (150, 146, 150),
    )

    def vivid() -> Colour:
        hue = rng.uniform(0, 2 * np.pi) + np.array([0, 2.094, 4.189])
        value = 128 + 70 * np.cos(hue) + rng.uniform(-20, 40)
        return tuple(int(v) for v in np.clip(value, 0, 255))  # type: ignore[return-value]

    manly = bool(rng.uniform() < 0.5)
    return Toon(
        skin=skin,
        hair=natural[rng.integers(len(natural))] if rng.uniform() < 0.85 else vivid(),
        iris=mix((70, 48, 36), vivid(), float(rng.uniform(0, 0.9))),
        lips=mix(skin, (206, 70, 84), float(rng.uniform(0.3, 0.8))),
        cloth=vivid(),
        accent=mix(vivid(), WHITE, 0.6),
        sky=mix(vivid(), WHITE, 0.35),
        hair_style="crop" if manly else ("bob", "bun")[rng.integers(2)],
        hat="cap" if rng.uniform() < 0.2 else "none",
        beard=manly and bool(rng.uniform() < 0.45),
        freckles=bool(rng.uniform() < 0.3),
        jaw=float(rng.uniform(0.5, 1) if manly else rng.uniform(0, 0.4)),
        eye=float(rng.uniform(0.75, 1.1)),
        brow=float(rng.uniform(1.2, 2) if manly else rng.uniform(0.8, 1.2)),
        smile=float(rng.uniform(0.2, 1.2)),
    )


def shadow_of(person: Toon) -> Colour:
    """The skin in shadow: redder, not greyer."""
    r, g, b = person.skin
    return (int(r * 0.80), int(g * 0.60), int(b * 0.56))
