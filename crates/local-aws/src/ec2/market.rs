//! What capacity costs and who has reserved it: nobody has, and nothing is known of the prices.
//!
//! Source: Amazon EC2 API Reference, "DescribeCapacityReservations", "DescribePlacementGroups", "DescribeSpotPriceHistory".

use serde_json::{Value, json};

use super::{
    call::Call,
    filters::{Filters, Known, ids},
};
use crate::ServiceError;

pub(super) fn describe_capacity_reservations(_: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    const FILTERS: &[Known] = &[
        ("availability-zone", "AvailabilityZone"),
        ("end-date", "EndDate"),
        ("end-date-type", "EndDateType"),
        ("instance-match-criteria", "InstanceMatchCriteria"),
        ("instance-platform", "InstancePlatform"),
        ("instance-type", "InstanceType"),
        ("outpost-arn", "OutpostArn"),
        ("owner-id", "OwnerId"),
        ("placement-group-arn", "PlacementGroupArn"),
        ("start-date", "StartDate"),
        ("state", "State"),
        ("tenancy", "Tenancy"),
    ];
    Filters::of(&value, FILTERS)?;
    if let Some(id) = ids(&value, "CapacityReservationIds").and_then(|ids| ids.first().copied()) {
        let message = format!("The Capacity Reservation ID '{id}' does not exist");
        return Err(ServiceError::new("InvalidCapacityReservationId.NotFound", message));
    }
    Ok(json!({ "CapacityReservations": [] }))
}

/// Source of the error: bcbio/bcbio-nextgen-vm#37.
pub(super) fn describe_placement_groups(_: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    const FILTERS: &[Known] = &[
        ("group-arn", "GroupArn"),
        ("group-name", "GroupName"),
        ("spread-level", "SpreadLevel"),
        ("state", "State"),
        ("strategy", "Strategy"),
    ];
    Filters::of(&value, FILTERS)?;
    for member in ["GroupNames", "GroupIds"] {
        if let Some(group) = ids(&value, member).and_then(|groups| groups.first().copied()) {
            let message = format!("The Placement Group '{group}' is unknown.");
            return Err(ServiceError::new("InvalidPlacementGroup.Unknown", message));
        }
    }
    Ok(json!({ "PlacementGroups": [] }))
}

pub(super) fn describe_spot_price_history(_: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    const FILTERS: &[Known] = &[
        ("availability-zone", "AvailabilityZone"),
        ("availability-zone-id", "AvailabilityZoneId"),
        ("instance-type", "InstanceType"),
        ("product-description", "ProductDescription"),
        ("spot-price", "SpotPrice"),
        ("timestamp", "Timestamp"),
    ];
    Filters::of(&value, FILTERS)?;
    // SDKs end their paging at a token that is empty, as AWS answers it.
    Ok(json!({ "NextToken": "", "SpotPriceHistory": [] }))
}
