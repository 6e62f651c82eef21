"""What a user or an organisation set in ``config.toml``: marking, private, signing.

::

    provenance = "on"                # "off" is for research: no watermark, no credentials
    private = true                   # credentials without names and thumbnails of the inputs

    [signing]                        # an organisation's own certificate, instead of a local one
    certificate = "chain.pem"        # leaf first; beside this file, or an absolute path
    key = "key.pem"                  # PKCS8, without a password
    algorithm = "es256"
    timestamp_authority = "https://..."
"""

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deepmeme.errors import InputError
from deepmeme.provenance.folder import config_folder

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

CONFIG_NAME = "config.toml"
ALGORITHMS = ("es256", "es384", "es512", "ps256", "ps384", "ps512", "ed25519")
_MAX_BYTES = 1 << 16
_MAX_TEXT = 2000


@dataclass(frozen=True)
class ProvenanceSettings:
    """How results are marked; the defaults hold where nothing is set."""

    marking: bool = True
    """False: neither watermark nor credentials, for research. The plain statement stays."""
    private: bool = False
    certificate: Path | None = None
    """PEM chain of an organisation, leaf first; None signs with this computer's own identity."""
    key: Path | None = None
    algorithm: str = "es256"
    timestamp_authority: str | None = None


def read_settings() -> ProvenanceSettings:
    """The settings of this user; the defaults if there is no ``config.toml``.

    Raises:
        InputError: the file cannot be read, or holds an unknown key or an impossible value.
    """
    path = config_folder() / CONFIG_NAME
    try:
        with path.open("rb") as stream:
            encoded = stream.read(_MAX_BYTES + 1)
    except (FileNotFoundError, NotADirectoryError):
        return ProvenanceSettings()
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}.") from error
    if len(encoded) > _MAX_BYTES:
        raise InputError(f"{path} is larger than {_MAX_BYTES} bytes; it holds a few lines only.")
    try:
        found = tomllib.loads(encoded.decode("utf-8"))
    except (ValueError, RecursionError) as error:  # TOMLDecodeError and UnicodeDecodeError, too
        raise InputError(f"{path} is not written in TOML: {error}.") from error
    return _settings(path, found)


Check = Callable[[Any], bool]
_TOP: dict[str, tuple[Check, str]] = {
    "provenance": (lambda value: value in ("on", "off"), '"on" or "off"'),
    "private": (lambda value: isinstance(value, bool), "true or false"),
    "signing": (lambda value: isinstance(value, dict), "a table: [signing]"),
}
_SIGNING: dict[str, tuple[Check, str]] = {
    "certificate": (lambda value: _is_text(value), "the name of a PEM file"),
    "key": (lambda value: _is_text(value), "the name of a PEM file"),
    "algorithm": (lambda value: value in ALGORITHMS, "one of " + ", ".join(ALGORITHMS)),
    "timestamp_authority": (
        lambda value: _is_text(value) and value.startswith(("https://", "http://")),
        "an address that begins with https://",
    ),
    "private": (lambda value: isinstance(value, bool), "true or false"),
}


def _is_text(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) < _MAX_TEXT and value.isprintable()


def _settings(path: Path, found: Mapping[str, Any]) -> ProvenanceSettings:
    _check(path, "", found, _TOP)
    signing = found.get("signing", {})
    _check(path, "signing.", signing, _SIGNING)
    if ("certificate" in signing) != ("key" in signing):
        given, missing = sorted(("certificate", "key"), key=lambda name: name not in signing)
        raise InputError(f"{path}: signing.{given} is set without signing.{missing}. Set both.")

    def beside(name: str) -> Path | None:
        return path.parent / Path(signing[name]).expanduser() if name in signing else None

    return ProvenanceSettings(
        marking=found.get("provenance", "on") == "on",
        private=bool(found.get("private", False) or signing.get("private", False)),
        certificate=beside("certificate"),
        key=beside("key"),
        algorithm=signing.get("algorithm", "es256"),
        timestamp_authority=signing.get("timestamp_authority"),
    )


def _check(
    path: Path, table: str, found: Mapping[str, Any], known: Mapping[str, tuple[Check, str]]
) -> None:
    for name, value in found.items():
        if name not in known:
            possible = ", ".join(table + n for n in known)
            raise InputError(f"{path}: {table + name} is unknown. Possible: {possible}.")
        fits, expected = known[name]
        if not fits(value):
            shown = repr(value) if len(repr(value)) < 100 else repr(value)[:97] + "..."
            raise InputError(f"{path}: {table + name} is {shown}; expected {expected}.")
