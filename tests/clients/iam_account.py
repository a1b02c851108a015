"""The account, its providers, and all of it at once, by the IAM API Reference."""

from contract import case
from session import pages_of
from iam_roles import new_role
from iam_policies import new_policy

THUMBPRINT = "a" * 40


@case()
def an_account_has_one_alias(aws):
    iam, other = aws.iam(), aws.iam(account=aws.accounts[1])
    iam.create_account_alias(AccountAlias="claviger-one")
    iam.create_account_alias(AccountAlias="claviger-two")
    assert iam.list_account_aliases()["AccountAliases"] == ["claviger-two"]
    with aws.moto_departs("knows the aliases of one account only (Use an alias for your AWS account ID: unique)"):
        with aws.refuses("EntityAlreadyExists", "claviger-two already exists", 409):
            other.create_account_alias(AccountAlias="claviger-two")
        with aws.refuses("ValidationError", "^The specified value for accountAlias is invalid. ", 400):
            iam.create_account_alias(AccountAlias="claviger--two")
        with aws.refuses("NoSuchEntity", "claviger-one cannot be found", 404):
            iam.delete_account_alias(AccountAlias="claviger-one")
    iam.delete_account_alias(AccountAlias="claviger-two")
    assert iam.list_account_aliases()["AccountAliases"] == []


@case(moto_departs="counts policies that it has not made (GetAccountSummary)")
def the_summary_counts(aws):
    iam = aws.iam()
    before = iam.get_account_summary()["SummaryMap"]
    iam.create_group(GroupName="Summed")
    new_role(aws, "Summed")
    new_policy(aws, "Summed")
    after = iam.get_account_summary()["SummaryMap"]
    assert {key for key in after if after[key] != before[key]} == {"Groups", "Roles", "Policies", "PolicyVersionsInUse"}, after
    for quota, most in (("RolesQuota", 1000), ("GroupsQuota", 300), ("AccessKeysPerUserQuota", 2), ("VersionsPerPolicyQuota", 5)):
        assert after[quota] == most, (quota, after[quota])


@case(moto_departs="tells policies without their names (ManagedPolicyDetail)")
def all_is_told_at_once(aws):
    iam = aws.iam()
    arn = new_policy(aws, "Detail")["Arn"]
    new_role(aws, "Detail", Tags=[{"Key": "a", "Value": "b"}])
    iam.attach_role_policy(RoleName="Detail", PolicyArn=arn)
    iam.create_instance_profile(InstanceProfileName="Detail")
    iam.add_role_to_instance_profile(InstanceProfileName="Detail", RoleName="Detail")
    iam.create_user(UserName="detail")
    iam.create_group(GroupName="Detail")
    iam.add_user_to_group(GroupName="Detail", UserName="detail")
    document = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"kms:*","Resource":"*"}]}'
    iam.put_user_policy(UserName="detail", PolicyName="inline", PolicyDocument=document)
    found = {list: [] for list in ("UserDetailList", "GroupDetailList", "RoleDetailList", "Policies")}
    for page in iam.get_paginator("get_account_authorization_details").paginate(PaginationConfig={"PageSize": 3}):
        for list in found:
            found[list] += page[list]

    def named(list, member, name):
        [one] = [each for each in found[list] if each[member] == name]
        return one

    role = named("RoleDetailList", "RoleName", "Detail")
    assert role["AttachedManagedPolicies"] == [{"PolicyName": "Detail", "PolicyArn": arn}] and role["RolePolicyList"] == [], role
    assert [each["InstanceProfileName"] for each in role["InstanceProfileList"]] == ["Detail"], role
    assert role["Tags"] == [{"Key": "a", "Value": "b"}] and role["AssumeRolePolicyDocument"]["Statement"], role
    user = named("UserDetailList", "UserName", "detail")
    assert user["GroupList"] == ["Detail"] and user["UserPolicyList"][0]["PolicyDocument"]["Statement"], user
    assert named("GroupDetailList", "GroupName", "Detail")["GroupPolicyList"] == []
    policy = named("Policies", "PolicyName", "Detail")
    assert policy["PolicyVersionList"][0]["Document"]["Statement"] and policy["AttachmentCount"] == 1, policy
    groups = iam.get_account_authorization_details(Filter=["Group"])
    assert groups["GroupDetailList"] and not groups["RoleDetailList"] and not groups["Policies"], groups


@case(moto_departs="says otherwise that a provider is there (CreateOpenIDConnectProvider, as recorded)")
def providers_of_web_identities(aws):
    iam = aws.iam()
    url = "https://oidc.eks.us-west-2.amazonaws.com/id/EXAMPLE"
    made = iam.create_open_id_connect_provider(
        Url=url, ClientIDList=["sts.amazonaws.com"], ThumbprintList=[THUMBPRINT], Tags=[{"Key": "a", "Value": "b"}])
    arn = made["OpenIDConnectProviderArn"]
    assert arn == f"arn:aws:iam::{aws.accounts[0]}:oidc-provider/oidc.eks.us-west-2.amazonaws.com/id/EXAMPLE", made
    provider = iam.get_open_id_connect_provider(OpenIDConnectProviderArn=arn)
    assert (provider["ClientIDList"], provider["ThumbprintList"]) == (["sts.amazonaws.com"], [THUMBPRINT]), provider
    assert provider["Tags"] == [{"Key": "a", "Value": "b"}], provider
    assert provider["Url"] == url.removeprefix("https://"), provider
    assert arn in [each["Arn"] for each in iam.list_open_id_connect_providers()["OpenIDConnectProviderList"]]
    with aws.refuses("EntityAlreadyExists", f"^Provider with url {url} already exists.$", 409):
        iam.create_open_id_connect_provider(Url=url)
    with aws.refuses("ValidationError", "^Invalid Open ID Connect Provider URL$", 400):
        iam.create_open_id_connect_provider(Url="oidc.example.com")
    with aws.refuses("InvalidInput", "^Thumbprint list must contain fewer than 5 entries.$", 400):
        iam.create_open_id_connect_provider(Url="https://a.example.com", ThumbprintList=[THUMBPRINT] * 6)
    with aws.refuses("InvalidInput", "^Thumbprint list must contain", 400):
        iam.update_open_id_connect_provider_thumbprint(OpenIDConnectProviderArn=arn, ThumbprintList=[THUMBPRINT] * 6)
    clients = [f"client{at}" for at in range(101)]
    with aws.refuses("LimitExceeded", "^Cannot exceed quota for ClientIdsPerOpenIdConnectProvider: 100$", 409):
        iam.create_open_id_connect_provider(Url="https://b.example.com", ClientIDList=clients)
    full = iam.create_open_id_connect_provider(Url="https://c.example.com", ClientIDList=clients[:100])["OpenIDConnectProviderArn"]
    with aws.refuses("LimitExceeded", "^Cannot exceed quota for ClientIdsPerOpenIdConnectProvider: 100$", 409):
        iam.add_client_id_to_open_id_connect_provider(OpenIDConnectProviderArn=full, ClientID=clients[100])
    iam.add_client_id_to_open_id_connect_provider(OpenIDConnectProviderArn=arn, ClientID="other")
    iam.remove_client_id_from_open_id_connect_provider(OpenIDConnectProviderArn=arn, ClientID="sts.amazonaws.com")
    iam.update_open_id_connect_provider_thumbprint(OpenIDConnectProviderArn=arn, ThumbprintList=["b" * 40])
    provider = iam.get_open_id_connect_provider(OpenIDConnectProviderArn=arn)
    assert (provider["ClientIDList"], provider["ThumbprintList"]) == (["other"], ["b" * 40]), provider
    iam.tag_open_id_connect_provider(OpenIDConnectProviderArn=arn, Tags=[{"Key": "c", "Value": "d"}])
    iam.untag_open_id_connect_provider(OpenIDConnectProviderArn=arn, TagKeys=["a"])
    assert pages_of(iam.list_open_id_connect_provider_tags, "Tags", OpenIDConnectProviderArn=arn) == [{"Key": "c", "Value": "d"}]
    twice = [{"Key": "a", "Value": "1"}, {"Key": "a", "Value": "2"}]
    with aws.refuses("InvalidInput", "^Duplicate tag keys found.", 400):
        iam.tag_open_id_connect_provider(OpenIDConnectProviderArn=arn, Tags=twice)
    with aws.refuses("LimitExceeded", "number of tags", 409):
        iam.tag_open_id_connect_provider(
            OpenIDConnectProviderArn=arn, Tags=[{"Key": f"k{at}", "Value": "v"} for at in range(50)])
    iam.delete_open_id_connect_provider(OpenIDConnectProviderArn=arn)
    for call, more in (
        (iam.get_open_id_connect_provider, {}), (iam.add_client_id_to_open_id_connect_provider, {"ClientID": "c"}),
        (iam.remove_client_id_from_open_id_connect_provider, {"ClientID": "c"}), (iam.tag_open_id_connect_provider, {"Tags": twice[:1]}),
        (iam.update_open_id_connect_provider_thumbprint, {"ThumbprintList": [THUMBPRINT]}),
        (iam.untag_open_id_connect_provider, {"TagKeys": ["a"]}), (iam.list_open_id_connect_provider_tags, {}),
        (iam.delete_open_id_connect_provider, {}),
    ):
        with aws.refuses("NoSuchEntity", "oidc-provider/oidc.eks", 404):
            call(OpenIDConnectProviderArn=arn, **more)
        with aws.refuses("InvalidInput", "^Invalid ARN: this-is-none-of-a-provider$", 400):
            call(OpenIDConnectProviderArn="this-is-none-of-a-provider", **more)
