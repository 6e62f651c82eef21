"""Whose key signs: this computer's own, made on first use, or an organisation's.

The own key and its certificates lie in one file, ``signing/identity.pem`` in the config folder,
so that no reader ever meets a half. The root certificate's key is thrown away at once: nobody can
issue another certificate in its name. ``signing/known.pem`` lists the certificates of all
identities that this computer ever had.
"""

import contextlib
import logging
import os
import stat
import tempfile
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from deepmeme.errors import InputError
from deepmeme.provenance.folder import config_folder
from deepmeme.provenance.settings import ProvenanceSettings

if TYPE_CHECKING:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric import ec

_logger = logging.getLogger(__name__)

FOLDER, IDENTITY, KNOWN = "signing", "identity.pem", "known.pem"
VALID = timedelta(days=20 * 365)
RENEWED_BEFORE = timedelta(days=10 * 365)
"""Without a timestamp authority, credentials fade with the certificate: each lasts ten years."""
_MAX_BYTES = 1 << 16


@dataclass(frozen=True)
class Identity:
    """What signs: PEM certificates, leaf first, and the private key that fits the leaf."""

    chain: bytes
    key: bytes = field(repr=False)
    algorithm: str = "es256"
    kept: bool = True
    """False: made for this process only, since the config folder cannot be written."""


def signing_identity(settings: ProvenanceSettings) -> Identity:
    """The organisation's identity if one is set, else this computer's, made on first use.

    Raises:
        InputError: a key or certificate is damaged, expired, or they do not fit together.
    """
    if settings.certificate is not None and settings.key is not None:
        from deepmeme.provenance.organisation import organisation_identity

        return organisation_identity(settings.certificate, settings.key, settings.algorithm)
    folder = config_folder() / FOLDER
    try:
        return _kept_identity(folder)
    except OSError as error:
        return _passing_identity(folder, error.strerror or str(error))


class Known(NamedTuple):
    """How a reader tells a result of this computer or its organisation."""

    anchors: str
    """PEM certificates of those who issue."""
    serials: frozenset[str]
    """Of the certificates that sign, in decimal digits."""


def known_identities(settings: ProvenanceSettings) -> Known:
    """Never makes an identity, never raises: a reader only wants to know who is one of ours."""
    anchors, serials = b"", set()
    for path in (config_folder() / FOLDER / KNOWN, settings.certificate):
        if path is None:
            continue
        with contextlib.suppress(OSError, ValueError):
            certificates = _certificates(_read(path))
            step = 2 if path.name == KNOWN else len(certificates)
            serials |= {str(leaf.serial_number) for leaf in certificates[::step]}
            anchors += b"".join(_pem(one) for i, one in enumerate(certificates) if i % step)
    return Known(anchors.decode(), frozenset(serials))


@lru_cache(maxsize=4)
def _passing_identity(folder: Path, reason: str) -> Identity:
    _logger.warning(
        "The signing key cannot be kept in %s (%s), so this result is signed with a key that is "
        "thrown away. DEEPMEME_CONFIG_DIR chooses another folder.",
        folder, reason,
    )  # fmt: skip
    chain, key = _new_identity()
    return Identity(chain, key, kept=False)


def _kept_identity(folder: Path) -> Identity:
    path = folder / IDENTITY
    if not path.exists():
        _make_folder(folder)
        _place(path, renew=False)
    identity = _load(path)
    if not _is_valid(identity.chain):
        _place(path, renew=True)
        identity = _load(path)
    return identity


def _make_folder(folder: Path) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if stat.S_IMODE(folder.stat().st_mode) & 0o077 and os.name == "posix":
        folder.chmod(0o700)


def _place(path: Path, *, renew: bool) -> None:
    """Write a new identity whole; of two processes at once the first one's stays."""
    chain, key = _new_identity()
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".new-")  # mode 0600
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(key + chain)
            stream.flush()
            os.fsync(stream.fileno())
        _remember(path.parent / KNOWN, chain)
        if renew:
            os.replace(name, path)
        else:
            _link(Path(name), path)
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name)


def _link(new: Path, path: Path) -> None:
    with contextlib.suppress(FileExistsError):
        try:
            os.link(new, path)
        except FileExistsError:
            raise
        except OSError:  # a file system without links
            if not path.exists():
                os.replace(new, path)


def _remember(path: Path, pem: bytes) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        os.write(handle, pem)
    finally:
        os.close(handle)


def _load(path: Path) -> Identity:
    _guard(path)
    damaged = (
        f"{path} is damaged, so nothing can be signed with it. Delete it: the next result makes "
        "a new signing identity."
    )
    try:
        encoded = _read(path)
        key, begin, chain = encoded.partition(b"-----BEGIN CERTIFICATE-----")
        certificates = _certificates(begin + chain)
        fits = len(certificates) == 2 and fits_together(key, certificates[0])
    except OSError:
        raise
    except Exception as error:  # cryptography raises more than it documents on damaged keys
        raise InputError(damaged) from error
    if not fits:
        raise InputError(damaged)
    return Identity(begin + chain, key)


def _guard(path: Path) -> None:
    """Nobody else may read the key: mended where possible."""
    if os.name != "posix":
        return
    found = path.stat()
    if found.st_uid not in (os.geteuid(), 0):
        raise InputError(
            f"{path} belongs to another user, so it is not used for signing. Delete it, or choose "
            "another folder with DEEPMEME_CONFIG_DIR."
        )
    if stat.S_IMODE(found.st_mode) & 0o077:
        try:
            path.chmod(0o600)
        except OSError as error:
            raise InputError(
                f"{path} can be read by others, and this cannot be mended ({error.strerror}). "
                f"Type: chmod 600 {path}"
            ) from error
        _logger.warning("%s could be read by others; its permissions are mended.", path)


def _read(path: Path) -> bytes:
    with path.open("rb") as stream:
        encoded = stream.read(_MAX_BYTES + 1)
    if len(encoded) > _MAX_BYTES:
        raise ValueError(f"larger than {_MAX_BYTES} bytes")
    return encoded


def _certificates(pem: bytes) -> list["x509.Certificate"]:
    from cryptography import x509

    return x509.load_pem_x509_certificates(pem)


def _pem(certificate: "x509.Certificate") -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding

    return certificate.public_bytes(Encoding.PEM)


def fits_together(key: bytes, certificate: "x509.Certificate") -> bool:
    """Whether a PEM key without a password is the one that the certificate speaks of.

    Raises:
        ValueError: no key can be read from it, or it has a password (TypeError).
    """
    from cryptography.hazmat.primitives.serialization import (
        Encoding,
        PublicFormat,
        load_pem_private_key,
    )

    form = (Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    of_key = load_pem_private_key(key, password=None).public_key().public_bytes(*form)
    return of_key == certificate.public_key().public_bytes(*form)


def _is_valid(chain: bytes) -> bool:
    """Now, and for years to come."""
    leaf = _certificates(chain)[0]
    now = datetime.now(timezone.utc)
    return leaf.not_valid_before_utc <= now < leaf.not_valid_after_utc - RENEWED_BEFORE


def _new_identity() -> tuple[bytes, bytes]:
    """(leaf and root, key of the leaf), PEM. The names say nothing of the computer or its user."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import (
        Encoding,
        NoEncryption,
        PrivateFormat,
    )
    from cryptography.x509.oid import ExtendedKeyUsageOID

    root_key, leaf_key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    root_name, leaf_name = _name("root"), _name("on this computer")
    root = (
        _template(root_name, root_name, root_key.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(certificates=True), critical=True)
        .sign(root_key, hashes.SHA256())
    )
    leaf = (
        _template(leaf_name, root_name, leaf_key.public_key())
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(certificates=False), critical=True)
        .add_extension(
            x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION]), critical=False
        )
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(root_key.public_key()),
            critical=False,
        )
        .sign(root_key, hashes.SHA256())
    )
    key = leaf_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return _pem(leaf) + _pem(root), key


def _name(role: str) -> "x509.Name":
    from cryptography import x509
    from cryptography.x509.oid import NameOID

    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "deepmeme"),
            x509.NameAttribute(NameOID.COMMON_NAME, f"deepmeme {role}"),
        ]
    )


def _template(
    subject: "x509.Name", issuer: "x509.Name", public_key: "ec.EllipticCurvePublicKey"
) -> "x509.CertificateBuilder":
    from cryptography import x509

    now = datetime.now(timezone.utc).replace(minute=0, second=0, microsecond=0)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))  # clocks differ
        .not_valid_after(now + VALID)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
    )


def _usage(*, certificates: bool) -> "x509.KeyUsage":
    from cryptography import x509

    return x509.KeyUsage(
        digital_signature=not certificates,
        key_cert_sign=certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )
