"""Identity providers of EKS clusters, by the Amazon EKS API Reference; messages as people quote them.

moto has none.
"""

import time

from contract import case
from eks import eks, new_cluster
from eks_access import role_of, session_of

ONLY_HERE = "moto has no identity providers of clusters"
ISSUER = "https://idp.example.com"


def of(cluster, name="corp", kind="oidc"):
    return {"clusterName": cluster, "identityProviderConfig": {"type": kind, "name": name}}


def asked(cluster, name="corp", **more):
    return {"clusterName": cluster, "oidc": {"identityProviderConfigName": name, "issuerUrl": ISSUER, "clientId": "kubernetes", **more}}


def done(aws, cluster, update):
    """Waits for an update's end."""
    deadline = time.monotonic() + 30
    while eks(aws).describe_update(name=cluster, updateId=update["id"])["update"]["status"] == "InProgress":
        assert time.monotonic() < deadline, update


@case(local_only=ONLY_HERE)
def a_cluster_has_one_identity_provider(aws):
    cluster = new_cluster(aws, "provided")
    claims = {"usernameClaim": "email", "groupsClaim": "groups", "groupsPrefix": "corp:", "requiredClaims": {"env": "prod"}}
    made = eks(aws).associate_identity_provider_config(**asked("provided", **claims), tags={"team": "blue"}, clientRequestToken="t")
    update = made["update"]
    assert (update["type"], update["status"], made["tags"]) == \
        ("AssociateIdentityProviderConfig", "InProgress", {"team": "blue"}), made
    with aws.refuses("ResourceInUseException", f"currently has update {update['id']} in progress", 409):
        eks(aws).disassociate_identity_provider_config(**of("provided"))
    done(aws, "provided", update)
    told = eks(aws).describe_identity_provider_config(**of("provided"))["identityProviderConfig"]["oidc"]
    arn = cluster["arn"].replace(":cluster/", ":identityproviderconfig/") + "/oidc/corp/"
    assert told.pop("identityProviderConfigArn").startswith(arn), told
    assert told == {**asked("provided", **claims)["oidc"], "clusterName": "provided", "tags": {"team": "blue"}, "status": "ACTIVE"}, told
    listed = eks(aws).list_identity_provider_configs(clusterName="provided")["identityProviderConfigs"]
    assert listed == [{"type": "oidc", "name": "corp"}], listed

    again = eks(aws).associate_identity_provider_config(**asked("provided", **claims), tags={"team": "blue"}, clientRequestToken="t")
    assert again["update"]["id"] == update["id"] and again["tags"] == {"team": "blue"}, again
    with aws.refuses("InvalidRequestException", "already has an identity provider config", 400):
        eks(aws).associate_identity_provider_config(**asked("provided", "other"))
    arn = eks(aws).describe_identity_provider_config(**of("provided"))["identityProviderConfig"]["oidc"]["identityProviderConfigArn"]
    eks(aws).tag_resource(resourceArn=arn, tags={"a": "b"})
    eks(aws).untag_resource(resourceArn=arn, tagKeys=["team"])
    assert eks(aws).list_tags_for_resource(resourceArn=arn)["tags"] == {"a": "b"}

    for missing in (of("provided", "other"), of("provided", kind="saml")):
        kind, name = missing["identityProviderConfig"].values()
        words = f"No config found for cluster: provided, config type: {kind}, config name: {name}"
        with aws.refuses("ResourceNotFoundException", words, 404):
            eks(aws).describe_identity_provider_config(**missing)
    for call, named in (("describe", of("none")), ("disassociate", of("none")), ("associate", asked("none"))):
        with aws.refuses("ResourceNotFoundException", "No cluster found for name: none", 404):
            getattr(eks(aws), f"{call}_identity_provider_config")(**named)
    with aws.refuses("ResourceNotFoundException", "No cluster found for name: none", 404):
        eks(aws).list_identity_provider_configs(clusterName="none")
    with aws.refuses("InvalidParameterException", status=400):
        eks(aws).list_identity_provider_configs(clusterName="provided", maxResults=0)

    gone = eks(aws).disassociate_identity_provider_config(**of("provided"))["update"]
    assert gone["type"] == "DisassociateIdentityProviderConfig", gone
    with aws.refuses("ResourceInUseException", f"currently has update {gone['id']} in progress", 409):
        eks(aws).associate_identity_provider_config(**asked("provided"))
    with aws.refuses("ResourceNotFoundException", status=404):
        eks(aws).describe_identity_provider_config(**of("provided"))
    done(aws, "provided", gone)
    own = cluster["identity"]["oidc"]["issuer"]
    for wrong, words in (({"issuerUrl": own}, "cannot be same as OpenID Connect"), ({"issuerUrl": "http://idp.example.com"}, "https://"),
                         ({"clientId": ""}, "client ID"), ({"identityProviderConfigName": "a b"}, "letters, digits")):
        with aws.refuses("InvalidParameterException", words, 400):
            eks(aws).associate_identity_provider_config(**asked("provided", **wrong))


@case(local_only=ONLY_HERE)
def an_identity_provider_takes_permissions_of_its_own(aws):
    cluster = new_cluster(aws, "provides")
    arn = cluster["arn"].replace(":cluster/", ":identityproviderconfig/") + "/oidc/corp/*"
    role = role_of(
        aws, "provides",
        {"Effect": "Allow", "Action": "eks:AssociateIdentityProviderConfig", "Resource": cluster["arn"],
         "Condition": {"StringEquals": {"eks:issuerUrl": ISSUER, "eks:clientId": "kubernetes"}}},
        {"Effect": "Allow", "Action": "eks:DescribeIdentityProviderConfig", "Resource": arn})
    client = eks(aws, credentials=session_of(aws, role))
    with aws.refuses("AccessDeniedException", "eks:AssociateIdentityProviderConfig", 403):
        client.associate_identity_provider_config(**asked("provides", clientId="other"))
    client.associate_identity_provider_config(**asked("provides"))
    assert client.describe_identity_provider_config(**of("provides"))["identityProviderConfig"]["oidc"]["clientId"] == "kubernetes"
    for call, action, named in (
        (client.describe_identity_provider_config, "DescribeIdentityProviderConfig", of("provides", "other")),
        (client.disassociate_identity_provider_config, "DisassociateIdentityProviderConfig", of("provides")),
        (client.list_identity_provider_configs, "ListIdentityProviderConfigs", {"clusterName": "provides"}),
    ):
        with aws.refuses("AccessDeniedException", f"eks:{action}", 403):
            call(**named)
