"""What a file of weights is by its first bytes, and what to do when it is something else."""

import struct
from pathlib import Path

from deepmeme.errors import InputError

ADVICE = {
    "folder": (
        "It is a folder without a model.json. A .pth.tar is not an archive: pass the file itself "
        "and do not unpack it."
    ),
    "tar": (
        "It is a tar archive. A published .pth.tar is not one in spite of its name: it is a single "
        "PyTorch file. Download it again and do not repack it."
    ),
    "gzip": "It is compressed with gzip. Unpack it once (gunzip) and try again.",
    "html": (
        "It is a web page: the download saved a notice (a virus-scan warning, a quota or a login "
        "page) in place of the file. Download it in a browser, or: deepmeme models pull NAME"
    ),
    "lfs-pointer": (
        "It is a Git LFS pointer of a few lines, not the weights. Type: git lfs pull, or download "
        "the file from the web page of the repository."
    ),
    "onnx": "It is a single ONNX file. Pass the model folder that holds it beside model.json.",
    "hdf5": "It is an HDF5 (Keras) file, which is another framework's.",
    "text": "It is a text file. Check that the checkpoint and the YAML are not swapped.",
    "unknown": "It is no file of weights that deepmeme knows. Download it again.",
}
"""Kind of container -> what to say of it. The readable kinds are not in here."""

READABLE = ("torch-legacy", "torch-zip", "safetensors", "model-folder")


def sniff_container(path: Path) -> str:
    """One of READABLE or a key of ADVICE, by content.

    Raises:
        InputError: missing, empty or unreadable.
    """
    if path.is_dir():
        if (path / "model.json").is_file():
            return "model-folder"
        return "folder"
    try:
        with path.open("rb") as file:
            head = file.read(512)
            size = file.seek(0, 2)
    except FileNotFoundError as error:
        raise InputError(f"{path}: no such file.") from error
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror or error}.") from error
    if not head:
        raise InputError(f"{path}: the file is empty. Download it again.")
    return _by_head(head, size, path.suffix.lower())


SIGNATURES = (
    (b"PK\x03\x04", "torch-zip"),
    (b"PK\x05\x06", "torch-zip"),
    (b"\x1f\x8b", "gzip"),
    (b"\x89HDF\r\n", "hdf5"),
    (b"version https://git-lfs", "lfs-pointer"),
    (b"\x80", "torch-legacy"),
)


def _by_head(head: bytes, size: int, suffix: str) -> str:
    if head[257:262] == b"ustar":
        return "tar"
    if len(head) > 9 and head[8:9] == b"{" and 2 <= struct.unpack("<Q", head[:8])[0] < max(size, 9):
        return "safetensors"
    for signature, kind in SIGNATURES:
        if head.startswith(signature):
            return kind
    start = head.lstrip().lower()
    if start.startswith((b"<!doctype", b"<html", b"<head", b"<?xml")):
        return "html"
    if head.startswith(b"\x08") and suffix == ".onnx":
        return "onnx"
    printable = sum(byte in b"\t\n\r" or 32 <= byte < 127 for byte in head)
    return "text" if printable == len(head) else "unknown"
