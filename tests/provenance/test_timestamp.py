"""A timestamp authority, run here with OpenSSL: its time is in the credentials."""

import shutil
import subprocess
import threading
from datetime import datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from deepmeme.errors import InputError
from deepmeme.provenance.credentials_found import read_credentials
from deepmeme.provenance.seal import save_picture
from tests.provenance.results import RECORD, left_in, smooth_scene

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="needs openssl")

_CONFIG = """
[tsa]
default_tsa = here
[here]
serial = {folder}/serial
signer_cert = {folder}/tsa.pem
certs = {folder}/issuer.pem
signer_key = {folder}/tsa.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256, sha384, sha512
ess_cert_id_alg = sha256
"""


def certificate(name, issuer, key, issuer_key, *, authority):
    def named(text):
        return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, text)])

    now = datetime.now(timezone.utc)
    words = (
        "digital_signature", "content_commitment", "key_encipherment", "data_encipherment",
        "key_agreement", "key_cert_sign", "crl_sign", "encipher_only", "decipher_only",
    )  # fmt: skip
    usage = dict.fromkeys(words, False)
    usage["key_cert_sign" if authority else "digital_signature"] = True
    made = (
        x509.CertificateBuilder()
        .subject_name(named(name))
        .issuer_name(named(issuer))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=2))
        .add_extension(x509.BasicConstraints(authority, None), critical=True)
        .add_extension(x509.KeyUsage(**usage), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    if key is not issuer_key:
        of_issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key())
        made = made.add_extension(of_issuer, critical=False)
    if not authority:
        stamps = x509.ExtendedKeyUsage([x509.oid.ExtendedKeyUsageOID.TIME_STAMPING])
        made = made.add_extension(stamps, critical=True)
    signed = made.sign(issuer_key, hashes.SHA256())
    return signed.public_bytes(serialization.Encoding.PEM)


@pytest.fixture
def authority(tmp_path, monkeypatch):
    """A folder with its certificate; config.toml names its address."""
    folder = tmp_path / "authority"
    folder.mkdir()
    root_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    (folder / "issuer.pem").write_bytes(
        certificate("Root of time", "Root of time", root_key, root_key, authority=True)
    )
    (folder / "tsa.pem").write_bytes(
        certificate("Time", "Root of time", key, root_key, authority=False)
    )
    (folder / "tsa.key").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    (folder / "serial").write_text("01")
    (folder / "tsa.cnf").write_text(_CONFIG.format(folder=folder))

    class Answer(BaseHTTPRequestHandler):
        def do_POST(self):
            asked = self.rfile.read(int(self.headers["Content-Length"]))
            (folder / "asked").write_bytes(asked)
            files = ["-queryfile", folder / "asked", "-out", folder / "answer"]
            command = ["openssl", "ts", "-reply", "-config", folder / "tsa.cnf", *files]
            subprocess.run(command, capture_output=True, check=True)
            answer = (folder / "answer").read_bytes()
            self.send_response(200)
            self.send_header("Content-Type", "application/timestamp-reply")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", 0), Answer)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    config = tmp_path / "config"
    config.mkdir()
    address = f"http://127.0.0.1:{server.server_port}/"
    (config / "config.toml").write_text(f'[signing]\ntimestamp_authority = "{address}"\n')
    monkeypatch.setenv("DEEPMEME_CONFIG_DIR", str(config))
    yield folder
    server.shutdown()
    thread.join()
    server.server_close()


def test_its_time_is_told(tmp_path, authority):
    found = read_credentials(save_picture(smooth_scene(0), tmp_path / "r.png", RECORD).path)
    assert (found.state, found.problems) == ("trusted", ())
    told = datetime.fromisoformat(found.signed_at)
    assert abs(datetime.now(timezone.utc) - told) < timedelta(minutes=5)
    assert not found.time_vouched, "no trust list knows it"


def test_one_that_is_no_good_is_refused_before_any_work(tmp_path, authority):
    key = serialization.load_pem_private_key((authority / "tsa.key").read_bytes(), None)
    alone = certificate("Time", "Time", key, key, authority=False)
    for name in ("tsa.pem", "issuer.pem"):
        (authority / name).write_bytes(alone)
    with pytest.raises(InputError, match=r"signed with http://127\.0\.0\.1.*does not hold"):
        save_picture(smooth_scene(0), tmp_path / "r.png", RECORD)
    assert "r.png" not in left_in(tmp_path)
