"""What a service-linked role may, taken away: AWS lets nobody change its policy. Here the state is taken out, the role is given a
policy of the customer's with the same statements in place of AWS's, and the state is put back.
"""

import contextlib
import json
import urllib.request

from volume_keys import ENDPOINT, REGION, cluster, document


class RolePolicy:
    """A policy of the customer's in place of the one that a service's role has from AWS.

    A permission is a statement's `Sid`, or its number where it has none, and one of its actions.
    """

    def __init__(self, role, service, of_aws):
        of_aws = f"arn:aws:iam::aws:policy/aws-service-role/{of_aws}"
        version = cluster("iam", "get-policy", "--policy-arn", of_aws)["Policy"]["DefaultVersionId"]
        told = cluster("iam", "get-policy-version", "--policy-arn", of_aws, "--version-id", version)["PolicyVersion"]["Document"]
        self.statements = {statement.get("Sid", str(at)): statement for at, statement in enumerate(told["Statement"])}
        made = cluster("iam", "create-policy", "--policy-name", f"in-place-of-{role}", "--policy-document",
                       document(*self.statements.values()))
        self.arn = made["Policy"]["Arn"]
        with contextlib.suppress(AssertionError):
            cluster("iam", "create-service-linked-role", "--aws-service-name", service)
        state = admin("export", {"secrets": True})
        [row] = [row for row in json.loads(state)["tables"]["iam.role"].values() if row["name"] == role]
        assert row["carried"]["attached"] == [of_aws], row
        # Its document names it nowhere else.
        admin("import", None, state.replace(json.dumps(of_aws), json.dumps(self.arn)).encode())

    def permissions(self):
        allowing = ((sid, statement) for sid, statement in self.statements.items() if statement["Effect"] == "Allow")
        return [(sid, action) for sid, statement in allowing for action in as_list(statement["Action"])]

    def is_without(self, removed):
        left = [{**statement, "Action": actions} for sid, statement in self.statements.items()
                if (actions := [each for each in as_list(statement["Action"]) if (sid, each) not in removed])]
        cluster("iam", "create-policy-version", "--policy-arn", self.arn, "--policy-document", document(*left), "--set-as-default")
        for version in cluster("iam", "list-policy-versions", "--policy-arn", self.arn)["Versions"]:
            if not version["IsDefaultVersion"]:
                cluster("iam", "delete-policy-version", "--policy-arn", self.arn, "--version-id", version["VersionId"])


def as_list(value):
    return value if isinstance(value, list) else [value]


def admin(route, body=None, text=None):
    request = urllib.request.Request(f"{ENDPOINT}/_claviger/{route}", data=text or json.dumps(body).encode(), method="POST",
                                     headers={"content-type": "application/json"})
    with urllib.request.urlopen(request) as answer:  # noqa: S310: the endpoint is ours
        return answer.read().decode()


def newest(called):
    """The newest call of an operation, where its service writes it."""
    of_iam = called.startswith(("GetRole", "ListAttached", "CreateServiceLinked")) or "InstanceProfile" in called
    found = cluster("cloudtrail", "lookup-events", "--max-items", "1", "--lookup-attributes",
                    f"AttributeKey=EventName,AttributeValue={called}", region="us-east-1" if of_iam else REGION)["Events"]
    assert found, f"the trail has no {called}"
    return json.loads(found[0]["CloudTrailEvent"])


def denied(called, action, who, service=None):
    """The newest call of this operation was refused to this caller for want of the permission, in AWS's words."""
    event = newest(called)
    assert event["userIdentity"]["arn"] == who, event
    assert event.get("errorCode") in ("AccessDenied", "AccessDeniedException", "Client.UnauthorizedOperation"), event
    words = f"{who} is not authorized to perform: {action}"
    assert words in event["errorMessage"], event
    assert f"because no identity-based policy allows the {action} action" in event["errorMessage"], event
    if service:
        assert event["userIdentity"]["invokedBy"] == service, event
