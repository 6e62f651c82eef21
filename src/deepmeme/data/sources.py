"""Every data set that deepmeme trains on: what it is, whose, from where, and what it becomes."""

import os
import shutil
import subprocess
from dataclasses import asdict, dataclass
from functools import cache
from typing import Any
from urllib.parse import urlsplit

from deepmeme.errors import InputError, ModelNotFound

UNKNOWN_SUM = "unknown, printed after download"

NPM = "{npm}"
"""Stands for the registry of the npm packages, see :func:`npm_registry`."""
NPM_VARIABLE = "DEEPMEME_NPM_REGISTRY"
PUBLIC_NPM = "https://registry.npmjs.org"


@dataclass(frozen=True)
class Remote:
    """One file at a public address. What nobody published or we computed ourselves is None."""

    filename: str
    url: str
    num_bytes: int | None = None
    sha256: str | None = None
    integrity: str | None = None
    """What the registry itself says; the pinned sha256 is of the file that fulfils it."""

    def address(self) -> str:
        """The address with the registry of the day in it."""
        return self.url.replace(NPM, npm_registry()) if NPM in self.url else self.url


@dataclass(frozen=True)
class DataSet:
    """One entry of ``deepmeme data list``."""

    name: str
    title: str
    licence: str
    credit: str
    used_for: str
    makes: str
    """What lies in the folder afterwards."""
    takes: str
    """What ``--from`` may be."""
    command: str
    time: str
    size: str
    """Of the download and of what is made, for people."""
    files: tuple[Remote, ...] = ()
    pages: tuple[str, ...] = ()
    """Where a person reads more."""
    extra: str | None = None
    """The extra of the package that making it needs."""
    note: str = ""

    def as_dict(self) -> dict[str, Any]:
        """For JSON; addresses as they would be asked."""
        files = [
            {
                "filename": remote.filename,
                "url": remote.url,
                "num_bytes": remote.num_bytes,
                "sha256": remote.sha256 or UNKNOWN_SUM,
                "integrity": remote.integrity,
            }
            for remote in self.files
        ]
        return asdict(self) | {"files": files}


def _emoji(number: int, num_bytes: int, sha256: str, integrity: str) -> Remote:
    name = f"fluent-emoji-anim-{number}"
    return Remote(
        filename=f"{name}-1.0.0.tgz",
        url=f"{NPM}/@lobehub/{name}/-/{name}-1.0.0.tgz",
        num_bytes=num_bytes,
        sha256=sha256,
        integrity=f"sha512-{integrity}",
    )


FACE_KIT_COMMIT = "1922d84282a3faf345dbf949c4a63b09f87907bc"
"""The state of the repository whose vertices lie in the order that our landmarks count in."""
FACE_KIT_BASE = f"https://raw.githubusercontent.com/ICT-VGL/ICT-FaceKit/{FACE_KIT_COMMIT}/"
PORTRAITS_BRANCH = "https://codeload.github.com/unitedstates/images/tar.gz/refs/heads/gh-pages"
GRID_SPEAKERS = tuple(number for number in range(1, 35) if number != 21)
GRID_BASE = "http://spandh.dcs.shef.ac.uk/gridcorpus/"

FLUENT_EMOJI = DataSet(
    name="fluent-emoji",
    title="Animated Fluent emoji: faces, people, animals that move",
    licence="MIT",
    credit="Fluent Emoji, Microsoft; packed by LobeHub",
    used_for="the toon model (unsupervised keypoints)",
    makes="train/ and test/ with a folder of PNG frames for each emoji, manifest.json, LICENSE",
    takes="a folder with the four .tgz files, or with the .webp files",
    command="deepmeme data prepare fluent-emoji -o data/emoji",
    time="2 minutes on one core, and the download",
    size="730 MB to download, 340 MB made",
    files=(
        _emoji(
            1, 164_966_217, "4c03ac178c1eabf2e2a16dd498f3cc2b92dc30ec3466ae38fdc497d4774c99ea",
            "/4m31vAuZEQ4aUJ5pxcOU5PVkuJya55GRxUZL7+zgLlxZXpzzE8jPqpDyhZICE3n47nS/Y9M5/vLdizi8201QA==",
        ),
        _emoji(
            2, 181_915_962, "e431da8172e394036c330faa77648d6fbbae1fd3b0be95637c4497c9075019c0",
            "S6yzf0RZXrQbXdxCWuHA9BAoLdBRk2flX+ne4TPGEH/qApwisCAKHoAAGjKSlTY3OVeZ9b7t/NEbmpjawnQYJA==",
        ),
        _emoji(
            3, 197_000_910, "3624d0c34c819c1794b74ccf6ae9034adff7c4cb6318dd2a645145f0196feb43",
            "UzRSUDMjdfdt9vER5bhjHkPqgc3EEgfGtYs6ndvizOTvQOxYQ57ow2RTkWSDZxwW30X4EYBi2eWTS7CXDDoFsg==",
        ),
        _emoji(
            4, 185_915_894, "3d4c08f1e321f70808ef4996aba0ab575a9d97b6c56ffffc92cf6161a7836aa3",
            "IIkl5ztSd1HrzvIDt/uGsFoC1WODXRdYq5uROrnkyqi9DbToEcJ1nlY86PnoUXeFS9nBCnHfiYk3ouSEGThFmA==",
        ),
    ),
    pages=("https://github.com/lobehub/fluent-emoji",),
)  # fmt: skip

ICT_FACEKIT = DataSet(
    name="ict-facekit",
    title="ICT FaceKit (light): a head with 100 shapes and 57 expressions",
    licence="MIT",
    credit="(c) 2020 USC Institute for Creative Technologies",
    used_for="the shape behind synthetic heads, portraits and labels",
    makes="ict_facekit.npz",
    takes="an ict_facekit.npz, or the repository's folder FaceXModel",
    command="deepmeme data prepare ict-facekit -o data",
    time="2 minutes, and the download",
    size="410 MB to download, 15 MB made",
    pages=("https://github.com/ICT-VGL/ICT-FaceKit", FACE_KIT_BASE + "FaceXModel/"),
    note=(
        "158 files of the repository at one commit. Neutral head, triangles and texture "
        "coordinates are checked against the sums of ours; the files' own sums are "
        f"{UNKNOWN_SUM}."
    ),
)

PORTRAITS = DataSet(
    name="portraits",
    title="Official portraits of members of the US Congress, 225 x 275",
    licence="public domain (works of the US government)",
    credit="unitedstates/images",
    used_for="skin, hair and light for training; no person in it is ever shown animated",
    makes="pictures/, manifest.json, and the tables of landmarks if the local copy has them",
    takes="a folder of 225 x 275 .jpg files",
    command="deepmeme data prepare portraits -o data/portraits",
    time="half a minute, and the download",
    size="42 MB made for 835; the download's size is not published",
    files=(Remote("unitedstates-images.tar.gz", PORTRAITS_BRANCH),),
    pages=("https://github.com/unitedstates/images",),
    note=(
        "Only congress/225x275 is kept of the archive, which holds larger copies too. "
        f"Its sum is {UNKNOWN_SUM}, and changes when a picture is added. "
        "Mostly men over 40, frontal, smiling."
    ),
)

GRID = DataSet(
    name="grid",
    title="GRID audio-visual sentences: 33 people, 3 s each, 360 x 288",
    licence="CC BY 4.0",
    credit="Cooke, Barker, Cunningham, Shao (2006), University of Sheffield",
    used_for="real talking faces for training and evaluation",
    makes="train/ and test/ with clips named speaker#sentence.mpg, manifest.json, ATTRIBUTION",
    takes="a folder of .mpg clips or of the speakers' .zip files",
    command="deepmeme data prepare grid -o data/grid --limit 20",
    time="a minute, and the download",
    size="33 files of some hundred MB to download; --limit keeps so many clips of a speaker",
    files=tuple(
        Remote(f"s{n}.mpg_vcd.zip", f"{GRID_BASE}s{n}/video/s{n}.mpg_vcd.zip")
        for n in GRID_SPEAKERS
    ),
    pages=("https://zenodo.org/records/3625687", "http://spandh.dcs.shef.ac.uk/gridcorpus/"),
    note=f"There is no speaker 21. Sizes and sums are {UNKNOWN_SUM}. The address is plain http.",
)

SYNTHETIC_HEADS = DataSet(
    name="synthetic-heads",
    title="Rendered talking heads with all labels",
    licence="made here (the shape: MIT, ICT FaceKit)",
    credit="deepmeme, from ICT FaceKit",
    used_for="the portrait model, the face finder and the landmark network",
    makes="a bank of frames with keypoints, flow, visibility and masks",
    takes="an ict_facekit.npz or its folder",
    command="deepmeme data prepare synthetic-heads -o data/synth --from data/ict_facekit.npz",
    time="half an hour on one core for 1500 people of six frames",
    size="2.7 GB made; --limit renders so many people",
    extra="train",
)

TOONS = DataSet(
    name="toons",
    title="Drawn cartoon people with all labels",
    licence="made here",
    credit="deepmeme",
    used_for="the portrait model's way with drawings",
    makes="a bank like that of synthetic-heads",
    takes="nothing: it is drawn",
    command="deepmeme data prepare toons -o data/toons",
    time="4 minutes on one core for 200 people of six frames",
    size="0.4 GB made; --limit draws so many people",
    extra="train",
)

DATA_SETS = (FLUENT_EMOJI, ICT_FACEKIT, PORTRAITS, GRID, SYNTHETIC_HEADS, TOONS)


def find_data_set(name: str) -> DataSet:
    """The data set of that name.

    Raises:
        ModelNotFound: there is none; says which there are.
    """
    for data_set in DATA_SETS:
        if data_set.name == name.lower():
            return data_set
    known = ", ".join(data_set.name for data_set in DATA_SETS)
    raise ModelNotFound(f"{name}: no data set of that name. There are: {known}.")


def npm_registry() -> str:
    """The registry to ask: ``DEEPMEME_NPM_REGISTRY``, npm's own setting, or the public one.

    Raises:
        InputError: it is no http or https address.
    """
    chosen = (
        os.environ.get(NPM_VARIABLE)
        or os.environ.get("NPM_CONFIG_REGISTRY")
        or _npm_setting()
        or PUBLIC_NPM
    ).strip()
    parts = urlsplit(chosen)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise InputError(
            f"The npm registry is set to {chosen!r}, which is no http(s) address. Set "
            f"{NPM_VARIABLE}={PUBLIC_NPM} to use the public one."
        )
    return chosen.rstrip("/")


@cache
def _npm_setting() -> str | None:
    """What the npm client on this machine is set to, if there is one."""
    npm = shutil.which("npm")
    if npm is None:
        return None
    try:
        answer = subprocess.run(
            [npm, "config", "get", "registry"],
            capture_output=True, text=True, timeout=20, check=True, stdin=subprocess.DEVNULL,
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError):
        return None
    found = answer.stdout.strip()
    return found if found.startswith("http") else None
