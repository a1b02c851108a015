"""An OpenID Connect issuer, whose public key the embedded AWS reads from the file that `CLAVIGER_JWKS` names."""

import base64
import json
import os
import pathlib
import time

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

URL = "https://oidc.claviger.example/cluster"
NAME = URL.removeprefix("https://")
AUDIENCE = "sts.amazonaws.com"
SUBJECT = "system:serviceaccount:default:api"


def _encoded(octets):
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def _number(number):
    return _encoded(number.to_bytes((number.bit_length() + 7) // 8, "big"))


class Issuer:
    def __init__(self):
        self._key = rsa.generate_private_key(65537, 2048)
        public = self._key.public_key().public_numbers()
        jwk = {"kty": "RSA", "kid": "one", "use": "sig", "alg": "RS256", "n": _number(public.n), "e": _number(public.e)}
        # moto reads no keys.
        if file := os.environ.get("CLAVIGER_JWKS"):
            pathlib.Path(file).write_text(json.dumps({"keys": [jwk]}))

    def token(self, key_id="one", **claims):
        """A token for ten minutes; a claim that is None is left out."""
        now = int(time.time())
        all_claims = {"iss": URL, "sub": SUBJECT, "aud": AUDIENCE, "iat": now, "exp": now + 600, **claims}
        payload = {name: value for name, value in all_claims.items() if value is not None}
        signed = ".".join(_encoded(json.dumps(part).encode()) for part in ({"alg": "RS256", "kid": key_id}, payload))
        return f"{signed}.{_encoded(self._key.sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256()))}"


def trust(provider, *actions, **conditions):
    """A trust policy that lets the issuer's tokens in."""
    return json.dumps({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow",
        "Principal": {"Federated": provider},
        "Action": ["sts:AssumeRoleWithWebIdentity", *actions],
        "Condition": {"StringEquals": {f"{NAME}:aud": AUDIENCE, f"{NAME}:sub": SUBJECT}, **conditions},
    }]})
