"""Opens the golden vectors with another implementation. Needs the `cryptography` package."""

import json
import pathlib
import struct
import uuid

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

HERE = pathlib.Path(__file__).parent
STATES = {1: "staged", 2: "active", 3: "decrypt_only", 4: "destroyed"}


def load(name):
    return json.loads((HERE / name).read_text())


def raw(text):
    return uuid.UUID(text).bytes


def derive(length, ikm, salt, info):
    return HKDF(hashes.SHA256(), length, salt, info).derive(ikm)


def with_length(*fields):
    return b"".join(struct.pack(">I", len(field)) + field for field in fields)


def check_record(golden):
    record, key = bytes.fromhex(golden["result"]), golden["data_key"]
    prefix, salt, commitment, header = record[:24], record[24:56], record[56:88], record[:88]
    assert prefix == b"RG\x01\x01" + raw(key["id"]) + struct.pack(">I", key["version"])
    generation = struct.pack(">Q", golden["generation"])
    info = b"regrant/record/v1/keys\0" + prefix + raw(key["tenant"]) + raw(golden["row"]) + generation
    okm = derive(76, bytes.fromhex(key["secret"]), salt, info)
    assert okm[44:] == commitment
    texts = [golden[name].encode() for name in ("purpose", "asset_kind", "asset_id", "credential_kind")]
    aad = b"regrant/record/v1\0" + with_length(header, raw(key["tenant"]), raw(golden["row"]), *texts) + generation
    plaintext = AESGCM(okm[:32]).decrypt(okm[32:44], record[88:], aad)
    payload = bytes.fromhex(golden["payload"])
    padded = struct.pack(">H", len(payload)) + payload
    assert plaintext == padded + bytes(-len(padded) % 256)


def check_wrapped(golden):
    blob, key = bytes.fromhex(golden["result"]), golden["data_key"]
    tenant, dek, version = raw(key["tenant"]), raw(key["id"]), struct.pack(">I", key["version"])
    prefix = b"RK\x01\x01\x01\x00" + dek + version + raw(golden["kek"]) + struct.pack(">I", golden["kek_version"])
    secret = bytes.fromhex(key["secret"])
    header = prefix + derive(32, secret, b"", b"regrant/dek-check/v1") + struct.pack(">H", 80)
    assert blob[:80] == header
    okm = derive(76, bytes.fromhex(golden["kek_secret"]), blob[80:112], b"regrant/dek/v1/keys\0" + prefix + tenant)
    aad = b"regrant/dek/v1\0" + with_length(header, b"regrant", tenant, dek, version, b"data_key")
    assert AESGCM(okm[:32]).decrypt(okm[32:44], blob[112:], aad) == secret


def check_keyring(golden):
    file = bytes.fromhex(golden["result"])
    prefix, commitment, nonce, header = file[:33], file[33:65], file[65:77], file[:77]
    cost = struct.pack(">III", golden["m_kib"], golden["t"], golden["p"])
    assert prefix == b"RGKR\x01" + cost + bytes.fromhex(golden["salt"])
    argon2 = Argon2id(
        salt=prefix[17:], length=32, iterations=golden["t"], lanes=golden["p"], memory_cost=golden["m_kib"]
    )
    stretched = argon2.derive(golden["passphrase"].encode())
    okm = derive(64, stretched, b"", b"regrant/keyring/v1/keys\0" + prefix)
    assert okm[32:] == commitment
    body = AESGCM(okm[:32]).decrypt(nonce, file[77:], b"regrant/keyring/v1\0" + with_length(header))
    (count,) = struct.unpack(">H", body[:2])
    keys = [struct.unpack(">16sIBq32s", body[at : at + 61]) for at in range(2, 2 + 61 * count, 61)]
    assert len(body) == 2 + 61 * count
    read = [
        {"id": str(uuid.UUID(bytes=id)), "version": version, "state": STATES[state], "created": created, "secret": secret.hex()}
        for id, version, state, created, secret in keys
    ]
    assert read == golden["keys"]


for name, check in (
    ("record-v1.json", check_record),
    ("wrapped-key-v1.json", check_wrapped),
    ("keyring-v1.json", check_keyring),
):
    vectors = load(name)
    for vector in vectors:
        check(vector)
    print(f"{name}: {len(vectors)} agree")
