//! Fleets that something happens to while they launch.

use std::{
    collections::BTreeSet,
    path::Path,
    time::{Duration, Instant},
};

use local_aws::Running;

use crate::kill::{answered, ec2, elements, start_at};

const ROUNDS: u32 = 8;
const MANY: usize = 12;
const PATIENCE: Duration = Duration::from_secs(30);

/// A fleet of one instance that is maintained: its id and the instance's. Volumes are under a key, so that launches wait for the disk.
async fn fleet(path: &Path) -> (Running, String, String) {
    let aws = start_at(path).await;
    ec2(&aws, "Action=EnableEbsEncryptionByDefault").await;
    let volume = ec2(&aws, "Action=CreateVolume&AvailabilityZone=us-west-2a&Size=1").await.element("volumeId");
    let snapshot = ec2(&aws, &format!("Action=CreateSnapshot&VolumeId={volume}")).await.element("snapshotId");
    let image = format!(
        "Action=RegisterImage&Name=node&RootDeviceName=%2Fdev%2Fxvda&BlockDeviceMapping.1.DeviceName=%2Fdev%2Fxvda\
         &BlockDeviceMapping.1.Ebs.SnapshotId={snapshot}"
    );
    let image = ec2(&aws, &image).await.element("imageId");
    let data = format!("LaunchTemplateData.ImageId={image}");
    ec2(&aws, &format!("Action=CreateLaunchTemplate&LaunchTemplateName=nodes&{data}")).await;
    let specification = "LaunchTemplateConfigs.1.LaunchTemplateSpecification";
    let of = format!("{specification}.LaunchTemplateName=nodes&{specification}.Version=1");
    let target = "TargetCapacitySpecification.TotalTargetCapacity=1";
    let fleet = ec2(&aws, &format!("Action=CreateFleet&Type=maintain&{of}&{target}")).await.element("fleetId");
    let active = active(&aws, &fleet).await;
    assert_eq!(active.len(), 1);
    (aws, fleet, active.into_iter().collect())
}

async fn active(aws: &Running, fleet: &str) -> BTreeSet<String> {
    let told = ec2(aws, &format!("Action=DescribeFleetInstances&FleetId={fleet}")).await;
    elements(&told.body, "<instanceId>")
}

/// It is to be of many, and a little later something else happens to it.
async fn grows_and_then(aws: &Running, fleet: &str, round: u32, then: &str) {
    let more = format!("Action=ModifyFleet&FleetId={fleet}&TargetCapacitySpecification.TotalTargetCapacity={MANY}");
    tokio::join!(answered(aws, &more), async {
        tokio::time::sleep(Duration::from_millis(u64::from(round) * 3)).await;
        ec2(aws, then).await;
    });
}

#[tokio::test]
async fn one_that_is_deleted_while_it_launches_leaves_no_instance() {
    for round in 0..ROUNDS {
        let folder = tempfile::tempdir().unwrap();
        let (aws, fleet, _) = fleet(&folder.path().join("state")).await;
        grows_and_then(&aws, &fleet, round, &format!("Action=DeleteFleets&FleetId.1={fleet}&TerminateInstances=true"))
            .await;
        let of_fleet = format!("Filter.1.Name=tag%3Aaws%3Aec2%3Afleet-id&Filter.1.Value.1={fleet}");
        let alive = "Filter.2.Name=instance-state-name&Filter.2.Value.1=pending&Filter.2.Value.2=running";
        let told = ec2(&aws, &format!("Action=DescribeInstances&{of_fleet}&{alive}")).await;
        assert_eq!(elements(&told.body, "<instanceId>"), BTreeSet::new(), "round {round}");
        aws.shutdown().await;
    }
}

#[tokio::test]
async fn one_replaces_an_instance_that_ends_while_it_launches() {
    for round in 0..ROUNDS {
        let folder = tempfile::tempdir().unwrap();
        let (aws, fleet, first) = fleet(&folder.path().join("state")).await;
        grows_and_then(&aws, &fleet, round, &format!("Action=TerminateInstances&InstanceId.1={first}")).await;
        let until = Instant::now() + PATIENCE;
        loop {
            let active = active(&aws, &fleet).await;
            assert!(!active.contains(&first), "round {round}: {first} was ended");
            if active.len() == MANY {
                break;
            }
            assert!(Instant::now() < until, "round {round}: {active:?}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        aws.shutdown().await;
    }
}
