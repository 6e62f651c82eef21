"""The signing identity: made once, kept safe, renewed in time; an organisation's checked early."""

import logging
import os
import stat
import subprocess
import sys
from datetime import datetime, timedelta, timezone

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from deepmeme.errors import InputError
from deepmeme.provenance import identity as module
from deepmeme.provenance.identity import known_identities, signing_identity
from deepmeme.provenance.settings import ProvenanceSettings, read_settings
from tests.provenance.results import left_in

OWN = ProvenanceSettings()


@pytest.fixture
def config(tmp_path, monkeypatch):
    folder = tmp_path / "config"
    monkeypatch.setenv("DEEPMEME_CONFIG_DIR", str(folder))
    return folder


def certificates(chain):
    return x509.load_pem_x509_certificates(chain)


def test_it_is_made_once_and_kept_safe(config):
    first = signing_identity(OWN)
    assert signing_identity(OWN) == first
    assert first.kept
    assert left_in(config / "signing") == ["identity.pem", "known.pem"]
    if os.name == "posix":
        modes = [config / "signing", *(config / "signing").iterdir()]
        assert [stat.S_IMODE(p.stat().st_mode) for p in modes] == [0o700, 0o600, 0o600]
    leaf, root = certificates(first.chain)
    leaf.verify_directly_issued_by(root)
    assert leaf.not_valid_after_utc > datetime.now(timezone.utc) + timedelta(days=19 * 365)
    assert "BEGIN" not in repr(first).partition("kept")[2]
    assert "PRIVATE" not in repr(first)


def test_it_names_nobody(config):
    leaf, root = certificates(signing_identity(OWN).chain)
    names = " ".join(c.rfc4514_string() for c in (leaf.subject, leaf.issuer, root.subject))
    assert names == (
        "CN=deepmeme on this computer,O=deepmeme CN=deepmeme root,O=deepmeme "
        "CN=deepmeme root,O=deepmeme"
    )


def test_two_processes_at_once_agree(config):
    program = (
        "from deepmeme.provenance.identity import signing_identity\n"
        "from deepmeme.provenance.settings import ProvenanceSettings\n"
        "print(signing_identity(ProvenanceSettings()).chain.hex())\n"
    )
    running = [
        subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    made = {process.communicate()[0] for process in running}
    assert len(made) == 1
    assert bytes.fromhex(made.pop()) == signing_identity(OWN).chain
    assert left_in(config / "signing") == ["identity.pem", "known.pem"]


def test_of_two_at_once_the_first_stays(config, monkeypatch):
    """The other process is done between our look and our writing."""
    make, inside = module._new_identity, []

    def slow():
        if not inside:
            inside.append(True)
            inside.append(signing_identity(OWN))
        return make()

    monkeypatch.setattr(module, "_new_identity", slow)
    assert signing_identity(OWN) == inside[1]


def test_an_identity_about_to_expire_is_renewed(config, monkeypatch):
    monkeypatch.setattr(module, "VALID", timedelta(days=9 * 365))
    old = signing_identity(OWN)
    monkeypatch.undo()
    monkeypatch.setenv("DEEPMEME_CONFIG_DIR", str(config))
    new = signing_identity(OWN)
    assert new.chain != old.chain
    assert signing_identity(OWN) == new
    known = known_identities(OWN)
    serials = {str(certificates(i.chain)[0].serial_number) for i in (old, new)}
    assert known.serials >= serials, "results of the old one are still known as our own"
    assert known.anchors.count("BEGIN") >= 2


@pytest.mark.skipif(os.name != "posix", reason="permissions as on Unix")
def test_loose_permissions_are_mended(config, caplog):
    signing_identity(OWN)
    (config / "signing" / "identity.pem").chmod(0o644)
    with caplog.at_level(logging.WARNING):
        signing_identity(OWN)
    assert "could be read by others" in caplog.text
    assert stat.S_IMODE((config / "signing" / "identity.pem").stat().st_mode) == 0o600


@pytest.mark.parametrize("damage", ["cut", "empty", "text", "other key", "huge", "flipped"])
def test_a_damaged_identity_says_the_way_out(config, damage):
    signing_identity(OWN)
    path = config / "signing" / "identity.pem"
    whole = path.read_bytes()
    key = whole.partition(b"-----BEGIN CERT")[0]
    other = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    broken = {
        "cut": whole[: len(whole) // 2], "empty": b"", "text": b"\xff\xfe diary",
        "other key": whole.replace(key, other), "huge": whole + b"x" * (1 << 17),
        "flipped": whole[:60] + b"AAAA" + whole[64:],
    }[damage]  # fmt: skip
    path.write_bytes(broken)
    with pytest.raises(InputError, match=r"identity\.pem is damaged.*Delete it"):
        signing_identity(OWN)
    path.unlink()
    assert signing_identity(OWN).kept


def test_without_a_place_for_it_a_passing_one_signs(tmp_path, monkeypatch, caplog):
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("DEEPMEME_CONFIG_DIR", str(tmp_path / "file"))
    with caplog.at_level(logging.WARNING):
        found = signing_identity(OWN)
        assert signing_identity(OWN) == found, "the same for all of one run"
    assert not found.kept
    assert caplog.text.count("cannot be kept") == 1
    assert known_identities(OWN).serials == frozenset()


def write_settings(folder, text):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.toml").write_text(text)


def organisation(folder, *, key=None, days=(-1, 30), other_key=None, password=None):
    """certificate.pem and key.pem of somebody else."""
    key = key or ec.generate_private_key(ec.SECP256R1())
    now = datetime.now(timezone.utc)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Example Studio")])
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name)
        .public_key(key.public_key()).serial_number(7)
        .not_valid_before(now + timedelta(days=days[0]))
        .not_valid_after(now + timedelta(days=days[1]))
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "chain.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    lock = (
        serialization.BestAvailableEncryption(password)
        if password
        else serialization.NoEncryption()
    )
    (folder / "key.pem").write_bytes(
        (other_key or key).private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, lock
        )
    )
    write_settings(folder, '[signing]\ncertificate = "chain.pem"\nkey = "key.pem"\n')


def test_an_organisation_signs_with_its_own(config):
    organisation(config)
    found = signing_identity(read_settings())
    assert found.chain == (config / "chain.pem").read_bytes()
    assert found.algorithm == "es256"
    assert known_identities(read_settings()).serials == {"7"}
    assert not (config / "signing").exists(), "no identity of our own is made"


@pytest.mark.parametrize(
    ("more", "match"),
    [
        ({"other_key": ec.generate_private_key(ec.SECP256R1())}, "is not the key of the first"),
        ({"days": (-20, -10)}, "is valid from .* to .*, not today"),
        ({"password": b"secret"}, "protected by a password"),
        ({"key": ec.generate_private_key(ec.SECP384R1())}, "cannot sign with 'es256'.*es384"),
        ({"key": rsa.generate_private_key(65537, 2048)}, "cannot sign with 'es256'.*ps256"),
    ],
)
def test_an_organisations_files_are_checked(config, more, match):
    organisation(config, **more)
    with pytest.raises(InputError, match=match):
        signing_identity(read_settings())


def test_files_of_an_organisation_that_are_none(config):
    organisation(config)
    (config / "key.pem").write_text("not a key")
    with pytest.raises(InputError, match=r"key\.pem holds no private key"):
        signing_identity(read_settings())
    (config / "chain.pem").write_text("nothing")
    with pytest.raises(InputError, match=r"chain\.pem holds no certificates"):
        signing_identity(read_settings())
    (config / "chain.pem").unlink()
    with pytest.raises(InputError, match=r"chain\.pem, set for signing, cannot be read"):
        signing_identity(read_settings())


def test_settings_are_read(config):
    assert read_settings() == ProvenanceSettings()
    write_settings(
        config,
        'provenance = "off"\n[signing]\ncertificate = "a.pem"\nkey = "/b.pem"\n'
        'algorithm = "ps256"\ntimestamp_authority = "https://example.org"\nprivate = true\n',
    )
    assert read_settings() == ProvenanceSettings(
        marking=False,
        private=True,
        certificate=config / "a.pem",
        key=config / "/b.pem",
        algorithm="ps256",
        timestamp_authority="https://example.org",
    )


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ('provenance = "of"', 'provenance is \'of\'; expected "on" or "off"'),
        ("provenance = false", "provenance is False; expected"),
        ('watermark = "off"', "watermark is unknown. Possible: provenance, private, signing"),
        ("[signing]\npassword = 'x'", "signing.password is unknown"),
        ("[signing]\nkey = 'k.pem'", "signing.key is set without signing.certificate"),
        ("[signing]\nalgorithm = 'md5'", "signing.algorithm is 'md5'; expected one of es256"),
        ("[signing]\ntimestamp_authority = 'file:///x'", "expected an address"),
        ("private = 1", "private is 1; expected true or false"),
        ("signing = 3", "signing is 3; expected a table"),
        ("[[", "is not written in TOML"),
        ("x = " + "[" * 5000, "is not written in TOML"),
        ("#" * 70_000, "is larger than"),
    ],
)
def test_a_wrong_setting_names_file_key_and_what_is_possible(config, text, match):
    write_settings(config, text)
    with pytest.raises(InputError, match=match) as caught:
        read_settings()
    assert str(config / "config.toml") in str(caught.value)
