"""Every model that deepmeme knows by name: where it is, what it must hash to, what it expects."""

from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

from deepmeme.errors import WeightsError
from deepmeme.weights.checkpoint import WEIGHTS_FILE
from deepmeme.weights.folder import read_card

BUNDLED = Path(__file__).parent / "bundled"

UNVERIFIED = "not verified: nobody published a checksum"


@dataclass(frozen=True)
class Entry:
    """One model. Checksums that nobody published are None, never guessed."""

    name: str
    title: str
    family: str
    expects: str
    """What the pictures should look like."""
    licence: str
    filename: str = ""
    preset: str | None = None
    """Name of its configuration, for ``load_model``."""
    urls: tuple[str, ...] = ()
    """Direct addresses, tried in turn."""
    by_hand: tuple[str, ...] = ()
    """Pages that a person can open when all of ``urls`` fail."""
    num_bytes: int | None = None
    about_bytes: int | None = None
    """Size as told where the exact one is unknown; for people, not checked."""
    sha256: str | None = None
    md5: str | None = None
    note: str = ""
    folder: Path | None = None
    """Where a shipped model lies."""

    @property
    def shipped(self) -> bool:
        """Part of the package: nothing to download."""
        return self.folder is not None

    @property
    def verification(self) -> str:
        """'sha256', 'md5', or why neither."""
        return "sha256" if self.sha256 else "md5" if self.md5 else UNVERIFIED

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        folder = None if self.folder is None else str(self.folder)
        return asdict(self) | {"folder": folder, "verification": self.verification}


RELEASE = "https://github.com/graphemecluster/first-order-model-demo/releases/download/checkpoints/"
AUTHORS_PAGES = (
    "https://drive.google.com/drive/folders/1PyQJmkdCsAkOYwUyaj_l-l0as-iLDgeH",
    "https://disk.yandex.ru/d/lEw8uRm140L_eQ",
)
SHARE = (
    "https://cloud-api.yandex.net/v1/disk/public/resources/download"
    "?public_key=https%3A%2F%2Fdisk.yandex.ru%2Fd%2FlEw8uRm140L_eQ&path=%2F{filename}#href"
)
"""The authors' own share, which names the address of the day."""
RESEARCH = "code MIT; weights not licensed separately, trained on research data"
FACES = "square crop of one frontal face, 256 x 256, the head about two thirds of the height"
BODIES = "square crop of one standing person, whole body, 256 x 256"


def _published(short: str, title: str, expects: str, *, filename: str = "", **more: Any) -> Entry:
    filename = filename or f"{short}-cpk.pth.tar"
    facts: dict[str, Any] = {"about_bytes": 730_000_000} | more
    return Entry(
        name=f"fomm.{short}",
        title=title,
        family="fomm",
        expects=expects,
        licence=RESEARCH,
        filename=filename,
        preset=f"{short}-256",
        urls=(
            RELEASE + filename,
            *facts.pop("mirrors", ()),
            SHARE.format(filename=filename),
        ),
        by_hand=AUTHORS_PAGES,
        **facts,
    )


PUBLISHED = (
    _published(
        "vox",
        "Talking faces (VoxCeleb)",
        FACES,
        num_bytes=728_766_691,
        about_bytes=None,
        sha256="abb41ab1f279f26326c0d6e4d20702de6658364665aa1313daa7a63e89ea2b23",
    ),
    _published(
        "vox-adv",
        "Talking faces, trained with a discriminator",
        FACES,
        about_bytes=751_000_000,
        mirrors=(
            "https://huggingface.co/spaces/abhishek/first-order-motion-model"
            "/resolve/main/weights/vox-adv-cpk.pth.tar",
        ),
    ),
    Entry(
        name="fomm.vox-adv-slim",
        title="Talking faces, as avatarify slimmed it (no optimizer)",
        family="fomm",
        expects=FACES,
        licence="avatarify: CC BY-NC 4.0 (non-commercial)",
        filename="vox-adv-slim-cpk.pth.tar",
        preset="vox-adv-256",
        urls=(
            "https://openavatarify.s3-avatarify.com/weights/vox-adv-cpk.pth.tar",
            "https://openavatarify.s3.amazonaws.com/weights/vox-adv-cpk.pth.tar",
        ),
        by_hand=(
            "https://yadi.sk/d/M0FWpz2ExBfgAA",
            "https://drive.google.com/file/d/1coUCdyRXDbpWnEkA99NLNY60mb9dQ_n3/view",
        ),
        about_bytes=239_000_000,
        md5="8a45a24037871c045fbb8a6a8aa95ebc",
    ),
    _published("taichi", "Bodies (Tai-Chi-HD)", BODIES),
    _published("taichi-adv", "Bodies, trained with a discriminator", BODIES),
    _published("fashion", "Fashion models turning", BODIES, filename="fashion.pth.tar"),
    _published("mgif", "Walking cartoon animals (MGif)", "one animal from the side, plain white"),
    _published("bair", "Robot arms (BAIR)", "the robot arm's table, 256 x 256"),
    _published("nemo", "Smiles (UvA-NEMO)", FACES),
    Entry(
        name="fomm.vox-512",
        title="Talking faces at 512 x 512 (community)",
        family="fomm",
        expects=FACES.replace("256 x 256", "512 x 512"),
        licence="its authors say CC0; not checked",
        filename="vox-512-cpk.pth.tar",
        preset="vox-512",
        by_hand=("https://github.com/AliaksandrSiarohin/first-order-model/issues/20",),
        note=(
            "No direct address is known. Put the file in place by hand, or pass it with "
            "config='vox-512'. Users call its quality that of 256 enlarged."
        ),
    ),
)


def entries() -> tuple[Entry, ...]:
    """Shipped models first, then the published ones."""
    return (*_shipped(), *PUBLISHED)


def find(name: str) -> Entry | None:
    """The entry of that name; 'fomm.' may be left out, a published file's name does too."""
    wanted = name.lower()
    for entry in entries():
        if wanted in (entry.name, entry.name.removeprefix("fomm.")):
            return entry
        if not entry.shipped and wanted == entry.filename:
            return entry
    return None


def by_sha256(digest: str) -> Entry | None:
    """The published file that has this SHA-256, where it is known."""
    return next((entry for entry in PUBLISHED if entry.sha256 == digest), None)


@cache
def _shipped() -> tuple[Entry, ...]:
    return tuple(read_folder(path.parent) for path in sorted(BUNDLED.glob("*/model.json")))


def read_folder(folder: Path) -> Entry:
    """The entry that a model folder describes in its ``model.json``.

    Raises:
        WeightsError: no proper model.json.
    """
    card = read_card(folder)
    try:
        weights = folder / WEIGHTS_FILE
        size = int(card.get("resolution", 256))
        return Entry(
            name=str(card["name"]),
            title=str(card.get("title", "") or f"deepmeme's {card['name']} model"),
            family=str(card["family"]),
            expects=str(card.get("expects", "") or f"a square crop, {size} x {size}"),
            licence=str(card.get("licence", "MIT")),
            filename=weights.name if weights.is_file() else "",
            num_bytes=sum(f.stat().st_size for f in folder.rglob("*") if f.is_file()),
            sha256=dict(card.get("weights") or {}).get("sha256"),
            note=str(card.get("note", "")),
            folder=folder,
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise WeightsError(
            f"{folder / 'model.json'} does not describe a model: {error!r}. It needs at least "
            "name, family and resolution. Convert or install the model again."
        ) from error
