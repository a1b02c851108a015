"""What uses a role that is linked to a service, and that the role is not deleted before; in an account of which nothing else is left.

Source: IAM API Reference, "DeleteServiceLinkedRole" and "GetServiceLinkedRoleDeletionStatus".
"""

import json
import os
import sys

from autoscaling_cases import awaited, gone, new_group, new_template, told
from ec2_cases import ec2, new_image
from ec2_fleets import fleet_of
from eks import eks, new_cluster
from eks_nodes import deleted as nodes_deleted, new_nodes, node_role
from session import REGION, Aws


def a_service_linked_role_that_is_in_use_is_not_deleted(aws):
    iam, account = aws.iam(), aws.accounts[0]

    def refused(role, region, *arns):
        """Its deletion fails, and says for what; the role is there as before."""
        task = iam.delete_service_linked_role(RoleName=role)["DeletionTaskId"]
        status = iam.get_service_linked_role_deletion_status(DeletionTaskId=task)
        assert status["Status"] == "FAILED" and status["Reason"]["Reason"], status
        assert status["Reason"]["RoleUsageList"] == [{"Region": region, "Resources": list(arns)}], status
        iam.get_role(RoleName=role)

    def deleted(role):
        task = iam.delete_service_linked_role(RoleName=role)["DeletionTaskId"]
        status = iam.get_service_linked_role_deletion_status(DeletionTaskId=task)
        assert status["Status"] == "SUCCEEDED" and "Reason" not in status, status
        with aws.refuses("NoSuchEntity", f"^The role with name {role} cannot be found.$", 404):
            iam.get_role(RoleName=role)

    # From its first user on, the account has those roles alone that were made.
    iam.create_user(UserName="first")
    new_group(aws, "uses-its-role", 0, new_template(aws, "uses-its-role"))
    role, group = "AWSServiceRoleForAutoScaling", told(aws, "uses-its-role")["AutoScalingGroupARN"]
    refused(role, REGION, group)
    gone(aws, "uses-its-role")
    deleted(role)

    client = ec2(aws)
    launch = {"ImageId": new_image(client, "uses its role"), "InstanceType": "m5.large"}
    [request] = client.request_spot_instances(LaunchSpecification=launch)["SpotInstanceRequests"]
    spot = f"arn:aws:ec2:{REGION}:{account}:spot-instances-request/{request['SpotInstanceRequestId']}"
    refused("AWSServiceRoleForEC2Spot", REGION, spot)
    client.cancel_spot_instance_requests(SpotInstanceRequestIds=[request["SpotInstanceRequestId"]])
    [request] = client.describe_spot_instance_requests(
        SpotInstanceRequestIds=[request["SpotInstanceRequestId"]])["SpotInstanceRequests"]
    # Its instance runs on.
    refused("AWSServiceRoleForEC2Spot", REGION, spot)
    client.terminate_instances(InstanceIds=[request["InstanceId"]])
    deleted("AWSServiceRoleForEC2Spot")

    fleet = client.create_fleet(**fleet_of(client, "uses-its-role-too", "maintain", 1, data=launch))["FleetId"]
    refused("AWSServiceRoleForEC2Fleet", REGION, f"arn:aws:ec2:{REGION}:{account}:fleet/{fleet}")
    client.delete_fleets(FleetIds=[fleet], TerminateInstances=True)
    deleted("AWSServiceRoleForEC2Fleet")

    iam.create_service_linked_role(AWSServiceName="eks.amazonaws.com")
    cluster = new_cluster(aws, "uses-its-role")
    refused("AWSServiceRoleForAmazonEKS", REGION, cluster["arn"])
    nodes = new_nodes(aws, "uses-its-role", "one", node_role(aws, "uses-its-role"))
    refused("AWSServiceRoleForAmazonEKSNodegroup", REGION, nodes["nodegroupArn"])
    nodes_deleted(aws, "uses-its-role", "one")
    deleted("AWSServiceRoleForAmazonEKSNodegroup")
    eks(aws).delete_cluster(name="uses-its-role")
    awaited(lambda: eks(aws).list_clusters()["clusters"], lambda names: "uses-its-role" not in names)
    deleted("AWSServiceRoleForAmazonEKS")


if __name__ == "__main__":
    a_service_linked_role_that_is_in_use_is_not_deleted(
        Aws(os.environ["CLAVIGER_ENDPOINT"], json.loads(os.environ["CLAVIGER_CREDENTIALS"]), is_moto=False))
    sys.exit(0)
