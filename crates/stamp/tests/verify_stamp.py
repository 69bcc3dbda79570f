"""Verifies a stamp with the PyPI package `cwt`: another implementation, in another language.

Usage: verify_stamp.py PUBLIC_KEY.pem STAMP.cbor
Prints the claims that matter as JSON, then tries the same stamp with one bit flipped, which must fail.
"""

import json
import sys

import cwt
from cwt import COSEKey


def main(key_path: str, stamp_path: str) -> None:
    pem = open(key_path, "rb").read()
    stamp = open(stamp_path, "rb").read()
    # Algorithm -19 is `Ed25519` of RFC 9864.
    key = COSEKey.from_pem(pem, kid=stamp_kid(stamp), alg=-19)
    claims = verified(stamp, key)
    flipped = stamp[:-1] + bytes([stamp[-1] ^ 1])
    try:
        verified(flipped, key)
    except Exception as error:  # any refusal will do
        refused = type(error).__name__
    else:
        sys.exit("a flipped bit was accepted")
    device = claims[266]["device"]
    print(json.dumps({
        "profile": claims[265],
        "issued": claims[6],
        "expires": claims[4],
        "status": claims[1000],
        "policies": device[1003],
        "version": device[1006][0],
        "flipped": refused,
    }))


def verified(stamp: bytes, key: COSEKey) -> dict:
    # The vectors have fixed times: the signature and the shape are what is asked here, not today's date.
    cose = cwt.COSE.new()
    protected, _, payload = cose.decode_with_headers(stamp, key)
    assert protected[16] == "application/seaworthy-stamp+cwt", protected
    return payload if isinstance(payload, dict) else cbor2_loads(payload)


def stamp_kid(stamp: bytes) -> bytes:
    protected = cbor2_loads(cbor2_loads(stamp).value[0])
    return protected[4]


def cbor2_loads(data: bytes):
    import cbor2

    return cbor2.loads(data)


main(*sys.argv[1:])
