//! What the catalog says that operations ask, held against the models that the inputs are decoded by.

use aws_catalog::access::{self, Access, On, Source};
use aws_wire::model::{self, Kind, Operation, ServiceId, ServiceModel, Shape};

use super::supported;

const SERVICES: [(&str, ServiceId); 2] = [("kms", ServiceId::Kms), ("sts", ServiceId::Sts)];

#[test]
fn the_catalog_knows_what_each_answered_operation_asks() {
    for (prefix, service) in SERVICES {
        for name in supported(service) {
            assert!(access::operation(prefix, name).is_some(), "{prefix}:{name} would be answered to anybody");
        }
    }
}

#[test]
fn every_member_that_the_catalog_names_is_in_the_model_and_of_its_kind() {
    for (prefix, service) in SERVICES {
        let model = model::service(service);
        for asked in access::operations(prefix) {
            let operation = model.operation(asked.name()).unwrap();
            for access in asked.accesses() {
                members_of(access).for_each(|(path, fits)| {
                    let shape = at(model, operation, path);
                    let place = format!("{path} of {}", asked.name());
                    assert!(fits(&shape.unwrap_or_else(|| panic!("there is no {place}")).kind), "{place}");
                });
                tag_members_are_there(model, operation, access);
            }
        }
    }
}

type Fits = fn(&Kind) -> bool;

/// The paths that an access names, and what must be there.
fn members_of(access: &Access) -> impl Iterator<Item = (&'static str, Fits)> {
    let text: Fits = |kind| matches!(kind, Kind::String(_));
    let on = match access.on() {
        On::Nothing => vec![],
        On::KeyOfCiphertext { ciphertext, or } => {
            vec![(ciphertext, (|kind| matches!(kind, Kind::Blob(_))) as Fits), (or, text)]
        }
        On::KeyInRegion { key, region } => vec![(key, text), (region, text)],
        On::KeyOfGrant { token, or } => vec![(token, text), (or, text)],
        On::Key(member)
        | On::KeyOrAlias(member)
        | On::Alias(member)
        | On::KeyOfAlias(member)
        | On::Role(member)
        | On::Principal(member) => vec![(member, text)],
    };
    let contexts =
        access.encryption_context().iter().map(|path| (*path, (|kind| matches!(kind, Kind::Map(_))) as Fits));
    let anything: Fits = |_| true;
    let scalar: Fits = |kind| !matches!(kind, Kind::Structure(_) | Kind::Map(_) | Kind::Blob(_));
    let truth: Fits = |kind| matches!(kind, Kind::Boolean);
    let list: Fits = |kind| matches!(kind, Kind::List(_));
    let told = access.conditions().iter().flat_map(move |condition| match condition.from {
        Source::Member(path) => vec![(path, scalar)],
        Source::MemberOr(paths, _) => paths.iter().map(|path| (*path, scalar)).collect(),
        Source::WhereTrue(path, _) => vec![(path, truth)],
        Source::TagValues(tags) | Source::TagKeys(tags) => vec![(tags.member, list)],
        Source::Fixed(_) | Source::OnSameKey => vec![],
    });
    let only_with = access.only_with_members().iter().map(move |member| (*member, anything));
    let region = access.region().into_iter().map(move |member| (member, text));
    on.into_iter().chain(contexts).chain(told).chain(only_with).chain(region)
}

fn tag_members_are_there(model: &ServiceModel, operation: &Operation, access: &Access) {
    for condition in access.conditions() {
        let (Source::TagValues(tags) | Source::TagKeys(tags)) = condition.from else { continue };
        let Some(Kind::List(list)) = at(model, operation, tags.member).map(|shape| &shape.kind) else {
            panic!("{} of {} is no list", tags.member, operation.name())
        };
        let Kind::Structure(tag) = &model.shape(list.element).kind else { panic!("a tag is a structure") };
        for name in [tags.key, tags.value] {
            assert!(tag.members.iter().any(|member| member.name == name), "no {name} in {}", operation.name());
        }
    }
}

fn at<'m>(model: &'m ServiceModel, operation: &Operation, path: &str) -> Option<&'m Shape> {
    let input = model.shape(operation.input()?);
    path.split('.').try_fold(input, |shape, name| match &shape.kind {
        Kind::Structure(structure) => {
            let member = structure.members.iter().find(|member| member.name == name)?;
            Some(model.shape(member.shape))
        }
        _ => None,
    })
}
