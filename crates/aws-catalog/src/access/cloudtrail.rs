//! CloudTrail.

use super::{
    Access, Condition,
    On::{Nothing, Trail},
    Operation,
    Source::{TagKeys, TagValues},
    TagList,
};

/// By name: the order that look-ups rely on.
pub(super) static OPERATIONS: &[Operation] = &[
    Operation::new("CreateTrail", &[on_trail("cloudtrail:CreateTrail").told(TAGS)]),
    Operation::new("DeleteTrail", &[on_trail("cloudtrail:DeleteTrail")]),
    Operation::new("DescribeTrails", &[Access::new("cloudtrail:DescribeTrails", Nothing)]),
    Operation::new("GetTrail", &[on_trail("cloudtrail:GetTrail")]),
    Operation::new("GetTrailStatus", &[on_trail("cloudtrail:GetTrailStatus")]),
    Operation::new("ListTrails", &[Access::new("cloudtrail:ListTrails", Nothing)]),
    Operation::new("LookupEvents", &[Access::new("cloudtrail:LookupEvents", Nothing)]),
    Operation::new("StartLogging", &[on_trail("cloudtrail:StartLogging")]),
    Operation::new("StopLogging", &[on_trail("cloudtrail:StopLogging")]),
    Operation::new("UpdateTrail", &[on_trail("cloudtrail:UpdateTrail")]),
];

const TAGS: &[Condition] = &[
    Condition { key: "aws:RequestTag/${TagKey}", from: TagValues(TAG_LIST) },
    Condition { key: "aws:TagKeys", from: TagKeys(TAG_LIST) },
];
const TAG_LIST: TagList = TagList { member: "TagsList", key: "Key", value: "Value" };

const fn on_trail(action: &'static str) -> Access {
    Access::new(action, Trail("Name"))
}
