"""Runs the contract against an endpoint: `run.py local` or `run.py moto`.

`CLAVIGER_ENDPOINT` is the endpoint; `CLAVIGER_CREDENTIALS` is JSON, the root credentials of two accounts or more:
`{ACCOUNT: {"AccessKeyId": .., "SecretAccessKey": ..}, ..}`.
"""

import json
import os
import sys

import contract
import coverage
import departures
import iam_account
import iam_policies
import iam_roles
import iam_users
import kms_crypto
import kms_grants
import kms_imports
import kms_keys
import kms_pairs
import kms_rotation
import sts_cases
import trail_cases
from session import Aws

# IAM comes last: its first user or role closes the account to roles that nobody made.
MODULES = (kms_keys, kms_crypto, kms_pairs, kms_imports, kms_grants, kms_rotation, sts_cases, trail_cases,
           iam_roles, iam_users, iam_policies, iam_account)


def main():
    is_moto = {"local": False, "moto": True}[sys.argv[1]]
    aws = Aws(os.environ["CLAVIGER_ENDPOINT"], json.loads(os.environ["CLAVIGER_CREDENTIALS"]), is_moto)
    failures = contract.run_against(aws, MODULES)
    if is_moto:
        failures += departures.compare(aws.departures)
    else:
        failures += coverage.gaps(aws, aws.admin("health")["operations"])
    print("\n".join(failures) or f"{len(contract.CASES)} cases of {len(MODULES)} modules hold")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
