"""What a launcher finds in EC2, by its API Reference: instance types and where they are offered, regions, tags, and capacity."""

from contract import case
from ec2_cases import OWN, ec2, new_image, session
from session import REGION


def by_tokens(call, member, **more):
    """All pages of a list, and how many there were."""
    found, pages, token = [], 0, {}
    while True:
        page = call(**more, **token)
        found += page[member]
        pages += 1
        if not page.get("NextToken"):
            return found, pages
        token = {"NextToken": page["NextToken"]}


@case()
def an_instance_type_is_described(aws):
    [told] = ec2(aws).describe_instance_types(InstanceTypes=["m5.large"])["InstanceTypes"]
    assert told["VCpuInfo"]["DefaultVCpus"] == 2 and told["MemoryInfo"]["SizeInMiB"] == 8192, told
    assert told["ProcessorInfo"]["SupportedArchitectures"] == ["x86_64"] and told["Hypervisor"] == "nitro", told
    assert told["NetworkInfo"]["MaximumNetworkInterfaces"] == 3 and told["BareMetal"] is False, told
    filters = [
        {"Name": "processor-info.supported-architecture", "Values": ["arm64"]},
        {"Name": "instance-type", "Values": ["t4g.*"]},
        {"Name": "vcpu-info.default-vcpus", "Values": ["8"]},
    ]
    found = ec2(aws).describe_instance_types(Filters=filters)["InstanceTypes"]
    assert [one["InstanceType"] for one in found] == ["t4g.2xlarge"], found
    with aws.refuses("InvalidInstanceType", "The following supplied instance types do not exist: .*m5.huge", 400):
        ec2(aws).describe_instance_types(InstanceTypes=["m5.large", "m5.huge"])


@case(local_only="it has no pages of types, no dry runs of them, and tells each region's of all")
def instance_types_come_in_pages_of_their_region(aws):
    client = ec2(aws)
    hvm = {"Filters": [
        {"Name": "supported-virtualization-type", "Values": ["hvm"]},
        {"Name": "processor-info.supported-architecture", "Values": ["x86_64", "arm64"]},
    ]}
    found, pages = by_tokens(client.describe_instance_types, "InstanceTypes", **hvm, MaxResults=100)
    names = [one["InstanceType"] for one in found]
    assert len(set(names)) == len(names) > 900 and pages == -(-len(names) // 100), (len(names), pages)
    assert len(client.describe_instance_types(**hvm)["InstanceTypes"]) == 100
    offered, _ = by_tokens(client.describe_instance_type_offerings, "InstanceTypeOfferings", MaxResults=1000)
    assert set(names) <= {one["InstanceType"] for one in offered}, set(names) - {one["InstanceType"] for one in offered}
    cape_town = ec2(aws, region="af-south-1")
    fewer, _ = by_tokens(cape_town.describe_instance_types, "InstanceTypes", **hvm)
    assert 0 < len(fewer) < len(names) and all(one["SupportedInRegion"] for one in fewer), len(fewer)
    missing = sorted(set(names) - {one["InstanceType"] for one in fewer})[0]
    with aws.refuses("InvalidInstanceType", missing, 400):
        cape_town.describe_instance_types(InstanceTypes=[missing])
    [told] = cape_town.describe_instance_types(InstanceTypes=[missing], IncludeUnsupportedInRegion=True)["InstanceTypes"]
    assert told["SupportedInRegion"] is False, told
    with aws.refuses("DryRunOperation", "", 412):
        client.describe_instance_types(DryRun=True)
    reader = session(aws, {"Effect": "Allow", "Action": "ec2:DescribeInstances", "Resource": "*"})
    with aws.refuses("UnauthorizedOperation", "ec2:DescribeInstanceTypes", 403):
        ec2(aws, credentials=reader).describe_instance_types(DryRun=True)
    with aws.refuses("InvalidParameterValue", "The filter 'odd' is invalid", 400):
        client.describe_instance_types(Filters=[{"Name": "odd", "Values": ["x"]}])


@case()
def types_are_offered_in_regions_and_zones(aws):
    client, of = ec2(aws), {"Filters": [{"Name": "instance-type", "Values": ["m5.large"]}]}
    offers = {"InstanceType": "m5.large", "LocationType": "region", "Location": REGION}
    assert client.describe_instance_type_offerings(**of)["InstanceTypeOfferings"] == [offers]
    for kind, prefix in (("availability-zone", f"{REGION}"), ("availability-zone-id", "usw2-az")):
        found = client.describe_instance_type_offerings(LocationType=kind, **of)["InstanceTypeOfferings"]
        assert len(found) >= 3 and all(one["Location"].startswith(prefix) for one in found), found
        one = {"Filters": [*of["Filters"], {"Name": "location", "Values": [found[0]["Location"]]}]}
        assert client.describe_instance_type_offerings(LocationType=kind, **one)["InstanceTypeOfferings"] == found[:1]
    with aws.moto_departs("it fails inside (Amazon EC2 API Reference, DescribeInstanceTypeOfferings)"):
        assert client.describe_instance_type_offerings(LocationType="outpost")["InstanceTypeOfferings"] == []


@case(local_only=OWN)
def what_is_offered_is_what_subnets_are_in(aws):
    for region in (REGION, "us-west-1", "ap-northeast-1", "xx-nowhere-1"):
        client = ec2(aws, region=region)
        offers, _ = by_tokens(client.describe_instance_type_offerings, "InstanceTypeOfferings", LocationType="availability-zone")
        zones = {subnet["AvailabilityZone"] for subnet in client.describe_subnets()["Subnets"]}
        assert {one["Location"] for one in offers} == zones, (region, zones)
    ids = [zone["ZoneId"] for zone in ec2(aws, region="us-west-1").describe_availability_zones()["AvailabilityZones"]]
    assert ids == ["usw1-az1", "usw1-az3"], ids


@case(local_only="it launches whatever the type and the image (getmoto/moto#1695)")
def a_type_must_be_there_and_fit_the_image_and_the_zone(aws):
    client = ec2(aws)
    image = new_image(client, "of x86_64")
    launch = {"ImageId": image, "MinCount": 1, "MaxCount": 1}
    with aws.refuses("InvalidParameterValue", "^Invalid value 'm5.huge' for InstanceType.$", 400):
        client.run_instances(**launch, InstanceType="m5.huge")
    words = "^The architecture 'arm64' of the specified instance type does not match the architecture 'x86_64' of the specified AMI."
    with aws.refuses("InvalidParameterValue", words, 400):
        client.run_instances(**launch, InstanceType="m6g.large")
    subnets = {subnet["AvailabilityZone"]: subnet["SubnetId"] for subnet in client.describe_subnets()["Subnets"]}
    offers, _ = by_tokens(client.describe_instance_type_offerings, "InstanceTypeOfferings", LocationType="availability-zone")
    at = {}
    for one in offers:
        at.setdefault(one["InstanceType"], set()).add(one["Location"])
    zones = {f"{REGION}{letter}" for letter in "abc"}
    partly = client.describe_instance_types(InstanceTypes=[name for name in sorted(at) if at[name] < zones][:100])["InstanceTypes"]
    name = next(one["InstanceType"] for one in partly if "x86_64" in one["ProcessorInfo"]["SupportedArchitectures"])
    elsewhere = sorted(zones - at[name])[0]
    words = rf"^Your requested instance type \({name}\) is not supported in your requested Availability Zone \({elsewhere}\). " \
        rf"Please retry your request by not specifying an Availability Zone or choosing {', '.join(sorted(at[name]))}.$"
    with aws.refuses("Unsupported", words, 400):
        client.run_instances(**launch, InstanceType=name, SubnetId=subnets[elsewhere])
    [one] = client.run_instances(**launch, InstanceType=name)["Instances"]
    assert one["Placement"]["AvailabilityZone"] in at[name], one
    client.terminate_instances(InstanceIds=[one["InstanceId"]])
    data = {"ImageId": image, "InstanceType": "m5.large"}
    client.create_launch_template(LaunchTemplateName="of-types", LaunchTemplateData=data)
    overrides = [{"InstanceType": "m6g.large", "Priority": 1.0}, {"InstanceType": "m5.large", "Priority": 2.0}]
    launched = client.create_fleet(
        Type="instant",
        LaunchTemplateConfigs=[{
            "LaunchTemplateSpecification": {"LaunchTemplateName": "of-types", "Version": "$Latest"}, "Overrides": overrides,
        }],
        TargetCapacitySpecification={"DefaultTargetCapacityType": "on-demand", "TotalTargetCapacity": 1},
    )
    assert [one["InstanceType"] for one in launched["Instances"]] == ["m5.large"], launched
    assert "The architecture 'arm64'" in launched["Errors"][0]["ErrorMessage"], launched
    client.terminate_instances(InstanceIds=launched["Instances"][0]["InstanceIds"])


@case()
def regions_are_those_of_the_partition(aws):
    regions = {one["RegionName"]: one for one in ec2(aws).describe_regions()["Regions"]}
    assert regions[REGION]["Endpoint"] == f"ec2.{REGION}.amazonaws.com", regions[REGION]
    assert regions[REGION]["OptInStatus"] == "opt-in-not-required", regions[REGION]
    found = ec2(aws).describe_regions(Filters=[{"Name": "endpoint", "Values": ["ec2.eu-west-1.*"]}])["Regions"]
    with aws.moto_departs("no wildcards (Amazon EC2 API Reference, DescribeRegions)"):
        assert [one["RegionName"] for one in found] == ["eu-west-1"], found
    [one] = ec2(aws).describe_regions(RegionNames=["eu-central-1"], AllRegions=True)["Regions"]
    assert one["RegionName"] == "eu-central-1", one
    with aws.moto_departs("any region is taken (Amazon EC2 API Reference, DescribeRegions)"):
        with aws.refuses("InvalidParameterValue", "nowhere", 400):
            ec2(aws).describe_regions(RegionNames=["nowhere"])
    with aws.moto_departs("regions of other partitions are told (Amazon EC2 API Reference, DescribeRegions)"):
        assert not any(name.startswith(("cn-", "us-gov-")) for name in regions), regions


@case(local_only="it has no pages of tags, and takes tags of things that are not there")
def tags_are_told_and_taken_away(aws):
    client = ec2(aws)
    volumes = [client.create_volume(AvailabilityZone=f"{REGION}a", Size=1)["VolumeId"] for _ in range(3)]
    tags = [{"Key": key, "Value": value} for key, value in (("told/team", "blue"), ("told/stage", "test"), ("told/empty", ""))]
    client.create_tags(Resources=volumes, Tags=tags)
    of = [{"Name": "resource-id", "Values": volumes}]
    told, pages = by_tokens(client.describe_tags, "Tags", Filters=of, MaxResults=5)
    assert len(told) == 9 and pages == 2, told
    assert {"Key": "told/team", "Value": "blue", "ResourceId": volumes[0], "ResourceType": "volume"} in told, told
    found = client.describe_tags(Filters=[*of, {"Name": "tag:told/team", "Values": ["bl*"]}])["Tags"]
    assert [tag["ResourceId"] for tag in found] == sorted(volumes), found
    assert client.describe_tags(Filters=[*of, {"Name": "resource-type", "Values": ["instance"]}])["Tags"] == []
    assert ec2(aws, 1).describe_tags(Filters=of)["Tags"] == []
    # Of a value, a tag goes with that value alone; of a key, with any.
    client.delete_tags(Resources=volumes, Tags=[{"Key": "told/team", "Value": "red"}, {"Key": "told/stage"}, {"Key": "absent"}])
    # A page goes on behind a tag that is gone.
    first = client.describe_tags(Filters=of, MaxResults=5)
    last = first["Tags"][-1]
    client.delete_tags(Resources=[last["ResourceId"]], Tags=[{"Key": last["Key"]}])
    second = client.describe_tags(Filters=of, MaxResults=5, NextToken=first["NextToken"])
    assert len(second["Tags"]) == 1 and second["Tags"][0] not in first["Tags"], (first, second)
    client.create_tags(Resources=[last["ResourceId"]], Tags=[{"Key": last["Key"], "Value": last["Value"]}])
    with aws.refuses("InvalidParameterValue", "The token is not valid", 400):
        client.describe_tags(NextToken="???")
    keys = {tag["Key"] for tag in client.describe_tags(Filters=of)["Tags"]}
    assert keys == {"told/team", "told/empty"}, keys
    client.delete_tags(Resources=volumes[:1])
    left = {tag["ResourceId"] for tag in client.describe_tags(Filters=of)["Tags"]}
    assert left == set(volumes[1:]), left
    no_team = {
        "Effect": "Deny", "Action": "ec2:DeleteTags", "Resource": "*",
        "Condition": {"ForAnyValue:StringEquals": {"aws:TagKeys": "told/team"}},
    }
    narrow = ec2(aws, credentials=session(aws, {"Effect": "Allow", "Action": "ec2:*", "Resource": "*"}, no_team))
    with aws.refuses("UnauthorizedOperation", "ec2:DeleteTags", 403):
        narrow.delete_tags(Resources=volumes, Tags=[{"Key": "told/team"}])
    narrow.delete_tags(Resources=volumes, Tags=[{"Key": "told/empty"}])
    with aws.refuses("InvalidVolume.NotFound", "vol-0123", 400):
        client.delete_tags(Resources=["vol-0123"])


@case(local_only="it has prices and takes what names nothing")
def nobody_has_reserved_capacity_and_no_price_is_known(aws):
    client = ec2(aws)
    history = client.describe_spot_price_history(
        ProductDescriptions=["Linux/UNIX", "Linux/UNIX (Amazon VPC)"], Filters=[{"Name": "availability-zone", "Values": [f"{REGION}a"]}],
    )
    assert history["SpotPriceHistory"] == [] and history["NextToken"] == "", history
    active = [{"Name": "state", "Values": ["active"]}]
    assert client.describe_capacity_reservations(Filters=active)["CapacityReservations"] == []
    with aws.refuses("InvalidCapacityReservationId.NotFound", "cr-0123", 400):
        client.describe_capacity_reservations(CapacityReservationIds=["cr-0123"])
    assert client.describe_placement_groups()["PlacementGroups"] == []
    with aws.refuses("InvalidPlacementGroup.Unknown", "^The Placement Group 'near' is unknown.$", 400):
        client.describe_placement_groups(GroupNames=["near"])
