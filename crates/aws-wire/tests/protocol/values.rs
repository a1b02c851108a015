//! Values made from the models: whatever a shape allows by its type, constraints aside.

use aws_wire::model::{Kind, Location, Member, Protocol, ServiceModel, ShapeRef, Structure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

/// Any value of a shape. Structures inside are never empty, nor are maps, since Query cannot say so; strings
/// have no character that XML cannot say.
pub(crate) fn value(model: &'static ServiceModel, shape: ShapeRef) -> BoxedStrategy<Value> {
    match &model.shape(shape).kind {
        Kind::Structure(structure) => members(model, structure, 1),
        Kind::List(list) => {
            // A form of EC2's cannot say that a list is empty.
            let least = usize::from(model.metadata().protocol == Protocol::Ec2Query);
            prop::collection::vec(value(model, list.element), least..3).prop_map(Value::Array).boxed()
        }
        Kind::Map(map) => prop::collection::btree_map(text(), value(model, map.value), 1..3)
            .prop_map(|entries| Value::Object(entries.into_iter().collect()))
            .boxed(),
        Kind::String(_) => text().prop_map(Value::String).boxed(),
        Kind::Blob(_) => {
            prop::collection::vec(any::<u8>(), 0..20).prop_map(|bytes| STANDARD.encode(bytes).into()).boxed()
        }
        Kind::Boolean => any::<bool>().prop_map(Value::Bool).boxed(),
        Kind::Integer(_) => any::<i32>().prop_map(|number| json!(number)).boxed(),
        Kind::Long(_) => any::<i64>().prop_map(|number| json!(number)).boxed(),
        Kind::Double => any::<i32>().prop_map(|number| json!(f64::from(number) / 4.0)).boxed(),
        Kind::Timestamp(_) => time().boxed(),
    }
}

/// Any value of an operation's input or output, which may be empty.
pub(crate) fn document(model: &'static ServiceModel, shape: ShapeRef) -> BoxedStrategy<Value> {
    match &model.shape(shape).kind {
        Kind::Structure(structure) => members(model, structure, 0),
        _ => value(model, shape),
    }
}

/// Any of the members, but at least so many.
fn members(model: &'static ServiceModel, structure: &'static Structure, at_least: usize) -> BoxedStrategy<Value> {
    let least = at_least.min(structure.members.len());
    let (placed, free): (Vec<_>, Vec<_>) =
        structure.members.iter().partition(|member| member.location == Location::Label);
    let chosen = prop::sample::subsequence(free.clone(), least.min(free.len())..=free.len());
    chosen
        .prop_flat_map(move |members| {
            // Without its labels there is no path.
            (placed.iter().copied().chain(members))
                .map(|member| (Just(member.name.clone()), member_value(model, member)))
                .collect::<Vec<_>>()
        })
        .prop_map(|members| Value::Object(members.into_iter().collect::<Map<_, _>>()))
        .boxed()
}

/// A label's text is never empty, and an empty list in a query string is none.
fn member_value(model: &'static ServiceModel, member: &Member) -> BoxedStrategy<Value> {
    match (member.location, &model.shape(member.shape).kind) {
        (Location::Label, _) => {
            text().prop_filter("a label has a text", |text| !text.is_empty()).prop_map(Value::String).boxed()
        }
        (Location::Query, Kind::List(list)) => {
            prop::collection::vec(value(model, list.element), 1..3).prop_map(Value::Array).boxed()
        }
        _ => value(model, member.shape),
    }
}

/// Text with everything that a form, JSON or XML has to escape, and whatever else XML can say.
fn text() -> BoxedStrategy<String> {
    prop_oneof![
        "[a-z0-9/:-]{0,12}",
        "[ \t\n\r&=+%?;<>\"'\\\\.\u{e9}\u{30ad}\u{1f511}\u{85}\u{2028}]{0,8}",
        "[\\PC&&[^\u{fffe}\u{ffff}]]{0,6}",
    ]
    .boxed()
}

/// A time to the millisecond, in the form in which this crate has it: whole seconds are whole.
fn time() -> impl Strategy<Value = Value> {
    prop_oneof![
        (0_i64..4_102_444_800).prop_map(|seconds| json!(seconds)),
        (0_i64..4_102_444_800, 1_i64..1000).prop_map(|(seconds, millis)| {
            #[expect(clippy::cast_precision_loss, reason = "such times are exact in an f64")]
            let time = (seconds * 1000 + millis) as f64 / 1000.0;
            json!(time)
        }),
    ]
}
