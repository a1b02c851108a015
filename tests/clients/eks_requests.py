"""Requests of EKS that come twice with one `clientRequestToken`, by the Amazon EKS API Reference: nothing is done twice.

What is answered to a token that comes with something else no document tells; here it is refused.
"""

import time

from contract import case
from eks import SUBNETS, active, eks, new_cluster, new_role, trust, when_it_was_new


def id_of(answer):
    """What tells one answer from that of another request."""
    if "update" in answer:
        return answer["update"]["id"]
    [made] = [value for name, value in answer.items() if isinstance(value, dict) and name not in ("ResponseMetadata", "tags")]
    return next(made[name] for name in ("associationArn", "accessEntryArn", "addonArn", "fargateProfileArn", "arn") if name in made), made["createdAt"]


def at_rest(aws, name):
    """Waits until no update of a cluster goes on."""
    active(aws, name)
    told = lambda id: eks(aws).describe_update(name=name, updateId=id)["update"]
    deadline = time.monotonic() + 30
    while going := [update for id in eks(aws).list_updates(name=name)["updateIds"] if (update := told(id))["status"] == "InProgress"]:
        assert time.monotonic() < deadline, going


@case(local_only="moto knows no tokens of EKS", moves_clock=True)
def a_request_that_comes_again_is_done_once(aws):
    when_it_was_new(aws)
    client, account = eks(aws), aws.accounts[0]
    new_cluster(aws, "once", version="1.30", accessConfig={"authenticationMode": "API_AND_CONFIG_MAP"})
    pod = new_role(aws, "once-pods")
    fargate = new_role(aws, "once-fargate", trust({"Service": "eks-fargate-pods.amazonaws.com"}, actions=["sts:AssumeRole"]))
    key = aws.kms(account).create_key()["KeyMetadata"]["Arn"]
    of, issuer = {"clusterName": "once"}, {"identityProviderConfigName": "one", "issuerUrl": "https://issuer.example.com", "clientId": "a"}
    cni = {**of, "addonName": "vpc-cni"}
    clusters = f"arn:aws:iam::{account}:role/clusters"
    # Each with what makes another request of it. The second time most of them would be refused, or be another update.
    for call, asked, other in (
        (client.create_cluster, {"name": "once-more", "roleArn": clusters, "resourcesVpcConfig": SUBNETS}, {"version": "1.31"}),
        (client.create_addon, cni, {"configurationValues": "{}"}),
        (client.create_fargate_profile, {**of, "fargateProfileName": "one", "podExecutionRoleArn": fargate, "selectors": [{"namespace": "a"}]},
         {"selectors": [{"namespace": "b"}]}),
        (client.create_pod_identity_association, {**of, "namespace": "a", "serviceAccount": "b", "roleArn": pod}, {"disableSessionTags": True}),
        (client.create_access_entry, {**of, "principalArn": pod}, {"kubernetesGroups": ["a"]}),
        (client.update_addon, {**cni, "configurationValues": "{}"}, {"configurationValues": '{"a": 1}'}),
        (client.update_cluster_config, {"name": "once", "deletionProtection": True}, {"deletionProtection": False}),
        (client.update_cluster_version, {"name": "once", "version": "1.31"}, {"version": "1.32"}),
        (client.associate_encryption_config, {**of, "encryptionConfig": [{"resources": ["secrets"], "provider": {"keyArn": key}}]},
         {"encryptionConfig": [{"resources": ["secrets"], "provider": {"keyArn": key.rsplit("/", 1)[0] + "/other"}}]}),
        (client.associate_identity_provider_config, {**of, "oidc": issuer}, {"oidc": {**issuer, "clientId": "b"}}),
        (client.disassociate_identity_provider_config, {**of, "identityProviderConfig": {"type": "oidc", "name": "one"}},
         {"identityProviderConfig": {"type": "oidc", "name": "two"}}),
    ):
        at_rest(aws, "once")
        first = call(**asked, clientRequestToken="t")
        assert id_of(call(**asked, clientRequestToken="t")) == id_of(first), (call, first)
        with aws.refuses("InvalidParameterException", "clientRequestToken t of another request, with different parameters", 400):
            call(**{**asked, **other}, clientRequestToken="t")
    # One update for each, and one grant of the key.
    kinds = [client.describe_update(name="once", updateId=id)["update"]["type"] for id in client.list_updates(name="once")["updateIds"]]
    assert sorted(kinds) == ["AssociateEncryptionConfig", "AssociateIdentityProviderConfig", "DeletionProtectionUpdate",
                             "DisassociateIdentityProviderConfig", "VersionUpdate"], kinds
    assert len(client.list_updates(name="once", addonName="vpc-cni")["updateIds"]) == 1
    assert len(aws.kms(account).list_grants(KeyId=key)["Grants"]) == 1
    # What has the name of an add-on that is gone has none of its updates.
    client.delete_addon(**cni)
    client.create_addon(**cni)
    assert client.list_updates(name="once", addonName="vpc-cni")["updateIds"] == []
