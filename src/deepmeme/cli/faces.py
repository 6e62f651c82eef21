"""``deepmeme faces``: people who do not exist are dreamt up and edited, pictures looked up."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from deepmeme.choices import flag_name
from deepmeme.cli.animate import Consent, Overwrite
from deepmeme.cli.fields import AsJson
from deepmeme.cli.pipe import PIPE, into_pipe
from deepmeme.cli.traits import with_traits
from deepmeme.errors import InputError

if TYPE_CHECKING:
    from deepmeme.pipelines.codes import Codes
    from deepmeme.pipelines.consent import Ask
    from deepmeme.pipelines.dream import Dream
    from deepmeme.provenance.seal import Saved

app = typer.Typer(no_args_is_help=True)

Model = Annotated[
    str | None,
    typer.Option(
        "--model", "-m", show_default=False,
        help="gan (looks truest), vae (also looks faces up), or a folder of your own.",
    ),
]  # fmt: skip
Seed = Annotated[int, typer.Option(help="Equal seeds dream up equal faces.", min=0)]
Variety = Annotated[
    float, typer.Option(help="Below 1 calmer faces, above 1 stranger ones.", min=0, max=2)
]
Output = Annotated[
    Path | None,
    typer.Option("--output", "-o", help="Where the result goes.", show_default=False),
]
Kept = Annotated[
    Path | None,
    typer.Option("--codes", help="Also keep the codes as .npz.", show_default=False),
]
Seconds = Annotated[float, typer.Option(help="From each face to the next.")]
Loop = Annotated[bool, typer.Option("--loop", help="And back to the first.")]
Face = Annotated[
    Path | None,
    typer.Argument(
        metavar="[FACE]",
        help="A picture or codes (.npz); a face that is dreamt up from --seed unless given.",
        show_default=False,
    ),
]
SHEET = 16


@app.command("sample")
def sample(
    count: Annotated[
        int | None,
        typer.Option("-n", "--count", help="How many: 16, or 1 into a pipe.", show_default=False),
    ] = None,
    seed: Seed = 0,
    output: Output = None,
    codes: Kept = None,
    variety: Variety = 0.8,
    model: Model = None,
    overwrite: Overwrite = False,
    as_json: AsJson = False,
) -> None:
    """Dream up people who do not exist: a sheet of them, or a folder where the name has no suffix.

    deepmeme faces sample -n 64 --seed 7

    deepmeme faces sample --seed 7 | deepmeme animate - talk.mp4
    """
    from deepmeme.pipelines.dream import DEFAULT, load_dream

    piped = output == PIPE or (output is None and not as_json and not sys.stdout.isatty())
    dream = load_dream(model or DEFAULT)
    faces = dream.sample(count or (1 if piped else SHEET), seed=seed, variety=variety)
    if piped:
        _into_pipe(dream, faces, {"seed": seed, "variety": variety})
        _keep(faces, codes)
        return
    target = _free(output or Path("faces.png"), overwrite, taken=output is not None)
    saved = dream.save(faces, target, facts={"seed": seed, "variety": variety})
    _made(dream, saved, faces, _keep(faces, codes), as_json=as_json)


@app.command("interpolate")
def interpolate(
    face: Face = None,
    count: Annotated[int, typer.Option("-n", "--count", help="Faces on the way.")] = 5,
    seed: Seed = 0,
    output: Output = None,
    seconds: Seconds = 2.0,
    loop: Loop = False,
    variety: Variety = 0.8,
    model: Model = None,
    overwrite: Overwrite = False,
    as_json: AsJson = False,
) -> None:
    """A film that walks from face to face: dreamt-up ones, or those of a .npz file.

    deepmeme faces interpolate -n 6 --seed 7 --loop -o walk.mp4
    """
    target = _free(output or Path("faces.mp4"), overwrite, taken=output is not None)
    dream, faces = _face(face, model, None, count=count, seed=seed, variety=variety)
    film = dream.interpolate(faces, seconds=seconds, loop=loop)
    _made(dream, film.save(target), faces, None, as_json=as_json)


@app.command("edit")
@with_traits(into="steps")
def edit(
    steps: dict[str, float],
    face: Face = None,
    seed: Seed = 0,
    output: Output = None,
    codes: Kept = None,
    compare: Annotated[
        bool, typer.Option("--compare", help="Each face as it was on the left.")
    ] = False,
    variety: Variety = 0.8,
    model: Model = None,
    overwrite: Overwrite = False,
    as_json: AsJson = False,
    i_have_consent: Consent = False,
) -> None:
    """Change what a face does and how it looks, in steps of which most faces are within 2 of 0.

    deepmeme faces edit --seed 7 --smile +2 --yaw -1 -o smiling.png

    deepmeme faces edit me.jpg --smile +2 -o me-smiling.mp4
    """
    if not steps:
        raise InputError(
            "Say what to change: deepmeme faces edit --smile +2. What can be changed: deepmeme "
            "faces attributes"
        )
    target = _free(output or Path("edited.png"), overwrite, taken=output is not None)
    ask = _asker(i_have_consent, as_json)
    dream, faces = _face(face, model, ask, seed=seed, variety=variety)
    changed = dream.edit(faces, steps)
    if _is_film(target):
        saved = _to_and_fro(dream, faces, changed).save(target)
    else:
        shown = _side_by_side(faces, changed) if compare else changed
        saved = dream.save(
            shown, target, task="edit", facts={"steps": steps}, together=2 if compare else 1
        )
    _made(dream, saved, changed, _keep(changed, codes), as_json=as_json)


@app.command("encode")
def encode(
    picture: Annotated[Path, typer.Argument(help="Of one face.", show_default=False)],
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Codes: NAME.npz unless given.", show_default=False),
    ] = None,
    show: Annotated[
        Path | None,
        typer.Option(help="A picture of what the code paints.", show_default=False),
    ] = None,
    search: Annotated[
        bool, typer.Option("--search", help="Look longer, by gradients: needs the extra train.")
    ] = False,
    steps: Annotated[int, typer.Option(help="Of the search.", min=1, max=10_000)] = 200,
    model: Model = None,
    overwrite: Overwrite = False,
    as_json: AsJson = False,
    i_have_consent: Consent = False,
) -> None:
    """Look a face up: the code that paints it, to be edited or morphed.

    deepmeme faces encode me.jpg -o me.npz --show me-dreamt.png

    deepmeme faces encode me.jpg --model gan --search
    """
    from deepmeme.pipelines.dream import load_dream

    ask = _asker(i_have_consent, as_json)
    target = _free(output or Path(f"{picture.stem}.npz"), overwrite, taken=output is not None)
    dream = load_dream(model or "vae")
    faces = _searched(dream, picture, steps, ask) if search else dream.encode(picture, ask=ask)
    kept = faces.save(target)
    saved = None
    if show is not None:
        place = _free(show, overwrite, taken=True)
        saved = dream.save(faces, place, task="encode", facts={"search": search})
    _made(dream, saved, faces, kept, as_json=as_json)


@app.command("morph")
def morph(
    faces: Annotated[
        list[Path],
        typer.Argument(
            metavar="A B...", help="Pictures or codes (.npz), two or more.", show_default=False
        ),
    ],
    output: Output = None,
    seconds: Seconds = 2.0,
    loop: Loop = False,
    model: Model = None,
    overwrite: Overwrite = False,
    as_json: AsJson = False,
    i_have_consent: Consent = False,
) -> None:
    """A film in which one face becomes another.

    deepmeme faces morph painting.png statue.jpg -o morph.mp4
    """
    if len(faces) < 2:
        raise InputError("A morph needs two faces at least: deepmeme faces morph A B -o morph.mp4")
    target = _free(output or Path("morph.mp4"), overwrite, taken=output is not None)
    dream, found = _faces(faces, model, _asker(i_have_consent, as_json))
    film = dream.morph(found, seconds=seconds, loop=loop)
    _made(dream, film.save(target), found, None, as_json=as_json)


@app.command("attributes")
def attributes(
    face: Face = None,
    seed: Annotated[
        int | None, typer.Option(help="Of a dreamt-up face.", min=0, show_default=False)
    ] = None,
    variety: Variety = 0.8,
    model: Model = None,
    as_json: AsJson = False,
    i_have_consent: Consent = False,
) -> None:
    """What can be changed in a face; and how far along each a face is, if one is given.

    deepmeme faces attributes me.jpg
    """
    from deepmeme.cli.console import print_json
    from deepmeme.cli.results import new_table
    from deepmeme.pipelines.dream import DEFAULT, load_dream
    from deepmeme.runtime.trait_names import TRAITS

    found = {}
    if face is None and seed is None:
        dream = load_dream(model or DEFAULT)
    else:
        ask = _asker(i_have_consent, as_json)
        dream, faces = _face(face, model, ask, seed=seed or 0, variety=variety)
        found = {name: round(float(v[0]), 3) for name, v in dream.attributes(faces).items()}
    if as_json:
        print_json({"ok": True, "model": dream.info.name, "traits": dream.traits, "face": found})
        return
    from rich.console import Console

    table = new_table()
    for name in dream.traits:
        value = f"{found[name]:+.1f}" if name in found else ""
        table.add_row(flag_name(name), value, f"+ {TRAITS.get(name, name)}")
    Console(highlight=False).print(table)


def _face(
    face: Path | None, model: str | None, ask: "Ask | None", *, count: int = 1, seed: int,
    variety: float,
) -> "tuple[Dream, Codes]":  # fmt: skip
    """As :func:`_faces` of one file; without it faces are dreamt up."""
    from deepmeme.pipelines.dream import DEFAULT, load_dream

    if face is not None:
        return _faces([face], model, ask)
    dream = load_dream(model or DEFAULT)
    return dream, dream.sample(count, seed=seed, variety=variety)


def _faces(given: list[Path], model: str | None, ask: "Ask | None") -> "tuple[Dream, Codes]":
    """The faces of files, and the model that suits: that of the first codes, else one that sees."""
    from deepmeme.pipelines.codes import SUFFIX, joined, open_codes
    from deepmeme.pipelines.dream import load_dream

    kept = {path: open_codes(path) for path in given if path.suffix.lower() == SUFFIX}
    dream = load_dream(model or next((codes.model for codes in kept.values()), "vae"))
    return dream, joined([kept.get(path) or dream.encode(path, ask=ask) for path in given])


def _searched(dream: "Dream", picture: Path, steps: int, ask: "Ask | None") -> "Codes":
    from deepmeme.extras import require
    from deepmeme.pipelines.dream import face_in

    require("torch", extra="train")
    from deepmeme.train.code_search import search_code

    face = face_in(picture, dream.info.resolution, ask)
    return dream.looked_up(picture, search_code(dream.model, face, steps=steps))


def _asker(given: bool, as_json: bool) -> "Ask | None":
    from deepmeme.cli.consent import asker
    from deepmeme.cli.console import screen

    return asker(screen(), None, given=given, as_json=as_json)


def _side_by_side(before: "Codes", after: "Codes") -> "Codes":
    from deepmeme.pipelines.codes import joined

    return joined([part for row in range(len(before)) for part in (before[row], after[row])])


def _to_and_fro(dream: "Dream", before: "Codes", after: "Codes") -> Any:
    return dream.morph(before[0], after[0], seconds=1.5, loop=True)


def _is_film(target: Path) -> bool:
    from deepmeme.media.formats import PICTURE_SUFFIXES

    return bool(target.suffix) and target.suffix.lower() not in PICTURE_SUFFIXES


def _free(target: Path, overwrite: bool, *, taken: bool) -> Path:
    """The place, refused if something is there; a name that nobody typed moves on instead."""
    from deepmeme.pipelines.place import check_free, next_free

    if not taken and not overwrite:
        return next_free(target)
    check_free(target, resume=False, overwrite=overwrite)
    return target


def _keep(faces: "Codes", path: Path | None) -> Path | None:
    return None if path is None else faces.save(path)


def _into_pipe(dream: "Dream", faces: "Codes", facts: dict[str, Any]) -> None:
    from tempfile import TemporaryDirectory

    with TemporaryDirectory(prefix="deepmeme-") as folder:
        picture = Path(folder) / "face.png"
        dream.save(faces, picture, facts=facts)
        into_pipe(picture)


def _made(
    dream: "Dream", saved: "Saved | None", faces: "Codes", kept: Path | None, *, as_json: bool
) -> None:
    from deepmeme.cli.console import print_json, screen
    from deepmeme.cli.results import new_table, show_made

    if as_json:
        facts: dict[str, Any] = {"ok": True, "model": dream.info.name, "faces": len(faces)}
        if saved is not None:
            facts |= {"output": str(saved.path.resolve()), "bytes": saved.bytes,
                      "frames": saved.num_frames, "work_id": saved.work_id,
                      "marked": saved.marked}  # fmt: skip
        print_json(facts | {"codes": None if kept is None else str(kept.resolve())})
        return
    console, table = screen(), new_table()
    side = dream.info.resolution
    table.add_row("model", f"{dream.info.name}, {side}x{side}")
    if kept is not None:
        table.add_row("codes", f"{len(faces)} in {kept}")
    if saved is None:
        console.print(table)
        return
    show_made(console, table, saved)
