"""Runs the contract against an endpoint: `run.py local` or `run.py moto`, or some modules of it: `run.py local iam_users`.

`run.py aws` runs the part of it that AWS can be asked against AWS itself; see `on_aws.py`.

`CLAVIGER_ENDPOINT` is the endpoint; `CLAVIGER_CREDENTIALS` is JSON, the root credentials of two accounts or more:
`{ACCOUNT: {"AccessKeyId": .., "SecretAccessKey": ..}, ..}`.
"""

import json
import os
import sys

import absent_cases
import autoscaling_cases
import contract
import coverage
import departures
import ec2_cases
import ec2_finds
import ec2_fleets
import ec2_volumes
import eks
import eks_access
import eks_addons
import eks_encryption
import eks_fargate
import eks_identity
import eks_nodes
import eks_requests
import eks_tokens
import iam_account
import iam_conflicts
import iam_credentials
import iam_paging
import iam_policies
import iam_refusals
import iam_roles
import iam_users
import kms_crypto
import kms_grants
import kms_imports
import kms_keys
import kms_pairs
import kms_rotation
import on_aws
import organizations
import queues
import shape_cases
import sts_cases
import sts_federation
import trail_cases
from session import Aws

# IAM comes last: its first user or role closes the account to roles that nobody made.
MODULES = (kms_keys, kms_crypto, kms_pairs, kms_imports, kms_grants, kms_rotation, sts_cases, trail_cases,
           organizations, ec2_cases, ec2_finds, ec2_volumes, ec2_fleets, autoscaling_cases, queues, absent_cases, shape_cases,
           iam_roles, iam_users, iam_policies, iam_refusals, iam_conflicts, iam_paging, iam_credentials, iam_account,
           sts_federation, eks, eks_addons, eks_access,
           eks_encryption, eks_fargate, eks_identity, eks_nodes, eks_requests, eks_tokens)


def against_aws(modules):
    aws = on_aws.begin()
    failures = contract.run_on_aws(aws, modules)
    print(on_aws.told(aws))
    ran = sum(case.on_aws for case in contract.cases_of(modules))
    print("\n".join(failures) or f"{ran} cases hold")
    return 1 if failures else 0


def main():
    if sys.argv[1] == "aws":
        return against_aws([module for module in MODULES if module.__name__ in sys.argv[2:]] or MODULES)
    is_moto = {"local": False, "moto": True}[sys.argv[1]]
    aws = Aws(os.environ["CLAVIGER_ENDPOINT"], json.loads(os.environ["CLAVIGER_CREDENTIALS"]), is_moto)
    modules = [module for module in MODULES if module.__name__ in sys.argv[2:]] or MODULES
    failures = contract.run_against(aws, modules)
    if modules is not MODULES:
        # What the others would have met is not missed, and how moto was seen to depart is told.
        print("\n".join(sorted(aws.departures)))
    elif is_moto:
        failures += departures.compare(aws.departures)
    else:
        failures += coverage.gaps(aws, aws.admin("health")["operations"])
    print("\n".join(failures) or f"{len(contract.cases_of(modules))} cases of {len(modules)} modules hold")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
