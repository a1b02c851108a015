//! EC2's instance types, as they are asked for.

use aws_catalog::instance_types::{all, described_after, instance_type, regions, zone_ids};

#[test]
fn every_type_has_a_description_and_a_place() {
    assert!(all().len() > 1000, "{}", all().len());
    assert!(all().is_sorted_by_key(|known| known.name()));
    let zones: Vec<&str> = regions().flat_map(zone_ids).collect();
    assert_eq!(described_after(None).count(), all().len());
    for (known, description) in described_after(None) {
        let description = description.read();
        assert_eq!(description["InstanceType"], known.name());
        assert_eq!(
            description["ProcessorInfo"]["SupportedArchitectures"],
            serde_json::json!(known.architectures().collect::<Vec<_>>())
        );
        assert!(zones.iter().any(|zone| known.is_offered_in(zone)), "{} is offered nowhere", known.name());
    }
}

#[test]
fn descriptions_begin_behind_any_name() {
    let named = |name| described_after(Some(name)).next().map(|(known, of)| (known.name(), of.read()));
    let (name, of) = named("m5.large").unwrap();
    assert_eq!((name, &of["InstanceType"]), ("m5.metal", &"m5.metal".into()));
    assert_eq!(named("m5.k").unwrap().0, "m5.large");
    assert!(named("zzz").is_none());
}

#[test]
fn a_type_is_where_aws_offers_it() {
    let graviton = instance_type("m6g.large").unwrap();
    assert_eq!(graviton.architectures().collect::<Vec<_>>(), ["arm64"]);
    assert!(graviton.is_offered_in("use1-az1") && !graviton.is_offered_in("nowhere-az1"));
    // Amazon EC2 User Guide, "AWS Availability Zones": us-west-1 has two zones for each account, of three.
    assert_eq!(zone_ids("us-west-1").collect::<Vec<_>>(), ["usw1-az1", "usw1-az3"]);
    assert_eq!(zone_ids("xx-nowhere-1").count(), 0);
    assert!(instance_type("m5.huge").is_none() && instance_type("mac1.metal").is_none());
}
