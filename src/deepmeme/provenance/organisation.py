"""An organisation's own certificate and key, checked before any work is done with them."""

from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING

from deepmeme.errors import InputError
from deepmeme.provenance.identity import Identity, fits_together

if TYPE_CHECKING:
    from cryptography import x509

_MAX_BYTES = 1 << 18
_CURVES = {"es256": "secp256r1", "es384": "secp384r1", "es512": "secp521r1"}


def organisation_identity(certificate: Path, key: Path, algorithm: str) -> Identity:
    """Read and check; ``certificate`` is a PEM chain, leaf first.

    Raises:
        InputError: one of them cannot be read, has expired, or they do not fit together or the
            algorithm.
    """
    from cryptography import x509

    chain, secret = _read(certificate), _read(key)
    try:
        leaf = x509.load_pem_x509_certificates(chain)[0]
    except (ValueError, IndexError) as error:
        raise InputError(
            f"{certificate} holds no certificates in PEM form, leaf first ({error})."
        ) from error
    try:
        fits = fits_together(secret, leaf)
    except TypeError as error:
        raise InputError(
            f"{key} is protected by a password. Save it without one, readable by deepmeme only."
        ) from error
    except Exception as error:  # cryptography raises more than it documents on damaged keys
        raise InputError(f"{key} holds no private key in PEM form ({error}).") from error
    if not fits:
        raise InputError(
            f"{key} is not the key of the first certificate in {certificate}. Set the two that "
            "belong together."
        )
    _check_dates(certificate, leaf)
    _check_algorithm(certificate, leaf, algorithm)
    return Identity(chain, secret, algorithm)


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as stream:
            encoded = stream.read(_MAX_BYTES + 1)
    except OSError as error:
        raise InputError(
            f"{path}, set for signing, cannot be read: {error.strerror or error}."
        ) from error
    if len(encoded) > _MAX_BYTES or b"\0" in encoded:
        raise InputError(f"{path}, set for signing, is no PEM file.")
    return encoded


def _check_dates(path: Path, leaf: "x509.Certificate") -> None:
    now, first, last = (
        datetime.now(timezone.utc), leaf.not_valid_before_utc, leaf.not_valid_after_utc,
    )  # fmt: skip
    if not first <= now <= last:
        raise InputError(
            f"The certificate in {path} is valid from {first:%Y-%m-%d} to {last:%Y-%m-%d}, not "
            "today. Renew it, or take it out of config.toml to sign with this computer's own."
        )


def _check_algorithm(path: Path, leaf: "x509.Certificate", algorithm: str) -> None:
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

    public = leaf.public_key()
    if isinstance(public, ec.EllipticCurvePublicKey):
        possible = [name for name, curve in _CURVES.items() if public.curve.name == curve]
    elif isinstance(public, rsa.RSAPublicKey):
        possible = ["ps256", "ps384", "ps512"]
    elif isinstance(public, ed25519.Ed25519PublicKey):
        possible = ["ed25519"]
    else:
        possible = []
    if algorithm not in possible:
        raise InputError(
            f"The key of the certificate in {path} cannot sign with {algorithm!r}. "
            + (f"Possible: {', '.join(possible)}." if possible else "Use a P-256 key (es256).")
        )
