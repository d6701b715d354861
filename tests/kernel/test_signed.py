"""Keys and signed texts: what one key signed another does not vouch for, and a wrong key says what it is."""

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from jiaozi.kernel import signed

KEY = Ed25519PrivateKey.from_private_bytes(bytes(32))
OTHER = Ed25519PrivateKey.from_private_bytes(bytes(31) + b"1")
CONTENT = '{"词": 1}\n'.encode()


def test_what_is_sealed_is_read_again():
    assert signed.unseal(signed.seal(CONTENT, KEY), KEY.public_key()) == CONTENT


@pytest.mark.parametrize(
    "text",
    [
        signed.seal(CONTENT, OTHER),
        signed.seal(CONTENT, KEY) + b" ",
        signed.seal(CONTENT, KEY).replace(b"\n", b"", 1),
        b"z" * 128 + b"\n" + CONTENT,
        b"\xff" * 128 + b"\n" + CONTENT,
        CONTENT,
        b"",
    ],
)
def test_what_this_key_did_not_sign_is_not_read(text):
    with pytest.raises(ValueError, match="not signed"):
        signed.unseal(text, KEY.public_key())


def test_a_key_is_made_once_and_for_its_owner_alone(tmp_path):
    path = tmp_path / "key"
    signed.make_key(path)
    made = path.read_bytes()
    signed.make_key(path)
    assert path.read_bytes() == made
    assert path.stat().st_mode & 0o077 == 0
    public = signed.private_key(path).public_key()
    assert signed.public_key(signed.pem_of(public)) == public


def test_another_kind_of_key_is_refused(tmp_path):
    other, path = generate_private_key(SECP256R1()), tmp_path / "key"
    path.write_bytes(other.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    with pytest.raises(ValueError, match="not Ed25519"):
        signed.private_key(path)
    pem = other.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    for wrong, why in ((pem, "not Ed25519"), (b"no key", "PEM")):
        with pytest.raises(ValueError, match=why):
            signed.public_key(wrong)


def test_no_file_is_no_key(tmp_path):
    with pytest.raises(ValueError, match="No such file"):
        signed.private_key(tmp_path / "none")
