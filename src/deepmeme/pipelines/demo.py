"""The first minute: pictures and a driving video that come with the package, brought to life."""

from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING

from deepmeme.demo_assets import asset
from deepmeme.errors import InputError
from deepmeme.pipelines.animate import Animation, prepare
from deepmeme.pipelines.codes import joined
from deepmeme.pipelines.dream import load_dream
from deepmeme.pipelines.options import AnimateOptions
from deepmeme.pipelines.progress import Progress

if TYPE_CHECKING:
    from deepmeme.pipelines.motion_model import MotionModel

DRIVER = "driver.mp4"


@dataclass(frozen=True)
class Scene:
    """One demonstration."""

    name: str
    pictures: tuple[str | Path, ...]
    """Files of ``demo_assets``, or others."""
    about: str
    layout: str = "side-by-side"
    caption_top: str = ""
    caption_bottom: str = ""
    driver: str = DRIVER
    model: str = ""
    """Of the catalogue; the options' own unless given."""
    size: int | None = None
    """Side of each picture in pixels, unless the options say."""


SCENES = (
    Scene(
        "all",
        ("painting.png", "cartoon.png", "statue.png"),
        "a painting, a cartoon and a statue, moved by one video, as a grid",
        "grid",
    ),
    Scene("painting", ("painting.png",), "an oil portrait of somebody who never lived"),
    Scene("cartoon", ("cartoon.png",), "a girl of some thirty shapes and three gradients"),
    Scene("captain", ("captain.png",), "a cartoon with a beard, which is harder"),
    Scene("statue", ("statue.png",), "marble that was never cut"),
    Scene(
        "toon",
        ("toon_tiger.png", "toon_poodle.png", "toon_dragon.png"),
        "a goat moves a tiger, a poodle and a dragon: animals by the toon model",
        "grid",
        driver="toon_goat.mp4",
        model="toon",
        size=256,
    ),
    Scene(
        "meme",
        ("painting.png",),
        "a moving meme with its captions",
        "result",
        "when the demo",
        "just works",
    ),
)
"""What ``deepmeme demo NAME`` knows; the first one runs without a name."""


DREAM = Scene(
    "dream", (), "three people who do not exist talk: dreamt up by a GAN, then animated", "grid"
)
_DREAMT = (7, 3, 0.7)
"""Seed, people, variety."""
_CALM = {"yaw": 0.0, "mouth_open": -0.8}
"""How people sit for a picture that is to be animated: face on, mouth closed."""


def dream_up(folder: Path) -> Scene:
    """:data:`DREAM` with its people, painted into a folder."""
    seed, count, variety = _DREAMT
    dream = load_dream()
    drawn = dream.sample(count, seed=seed, variety=variety)
    read = dream.attributes(drawn)
    people = joined([
        dream.edit(drawn[row], {name: to - float(read[name][row]) for name, to in _CALM.items()})
        for row in range(count)
    ])  # fmt: skip
    facts = {"seed": seed, "variety": variety, "calm": _CALM}
    dream.save(people, folder / "people", facts=facts)
    return replace(DREAM, pictures=tuple(sorted((folder / "people").iterdir())))


def demos() -> dict[str, str]:
    """What can be shown, and what each is: the scenes, people who have to be dreamt up first, and a
    swap, which has to be learnt."""
    swap = "two rendered people exchange faces: learns for some minutes, needs deepmeme[train]"
    dreamt = {DREAM.name: DREAM.about}
    return {scene.name: scene.about for scene in SCENES} | dreamt | {"swap": swap}


def find_scene(name: str) -> Scene:
    """The scene of that name.

    Raises:
        InputError: there is none; says which demos there are.
    """
    found = next((scene for scene in SCENES if scene.name == name), None)
    if found is not None:
        return found
    close = get_close_matches(name, demos(), 1)
    hint = f" Did you mean {close[0]}?" if close else ""
    raise InputError(f"There is no demo {name!r}.{hint} There are: {', '.join(demos())}.")


def prepare_demo(
    scene: Scene,
    options: AnimateOptions | None = None,
    *,
    model: "MotionModel | None" = None,
    progress: Progress | None = None,
) -> Animation:
    """The scene with everything decided and nothing rendered yet.

    The pictures are framed already and the driver begins face on, so no face is searched and
    movement counts from the first frame. ``options`` gives the rest: model, engine, size, ...
    """
    wanted = replace(
        options or AnimateOptions(),
        crop="none",
        crop_driving="none",
        anchor="0",
        layout=scene.layout,
        caption_top=scene.caption_top,
        caption_bottom=scene.caption_bottom,
        size=scene.size if options is None or options.size is None else options.size,
    )
    sources = [name if isinstance(name, Path) else asset(name) for name in scene.pictures]
    if scene.model and wanted.model == AnimateOptions().model:
        wanted = replace(wanted, model=scene.model)
    return prepare(sources, asset(scene.driver), wanted, model=model, progress=progress)


def default_name(scene: Scene, suffix: str = ".mp4") -> Path:
    """Where the result goes unless told: the current folder."""
    return Path(f"deepmeme-demo{'' if scene is SCENES[0] else '-' + scene.name}{suffix}")
