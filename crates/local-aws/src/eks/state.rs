//! Everything that EKS knows, in memory.
//!
//! One lock orders all changes. Under it a change is decided and queued for the disk; the disk is waited for outside of it.

mod change;

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::{Bound, Deref},
    sync::{Arc, PoisonError, RwLock, RwLockReadGuard},
};

use aws_model::{AccountId, Arn, Region};
use serde::{Serialize, de::DeserializeOwned};

use super::{
    fault, issuer,
    records::{AccessEntry, Addon, Association, Cluster, FargateProfile, IdentityProvider, NodeGroup, Update},
};
use crate::{
    ServiceError,
    authorization::Authorizer,
    store::{OpenError, Store, Table, WriteFailed},
};

pub(super) use change::Change;

/// What is kept of EKS.
pub(crate) const TABLES: &[Table] = &[
    Cluster::TABLE,
    ISSUER_KEYS,
    Association::TABLE,
    Addon::TABLE,
    Update::TABLE,
    AccessEntry::TABLE,
    FargateProfile::TABLE,
    NodeGroup::TABLE,
    IdentityProvider::TABLE,
];

/// What signs the tokens of a cluster, in PKCS #8, by the key of its row.
pub(super) const ISSUER_KEYS: Table = Table::sealed("eks.issuer-key");

/// The clusters of all accounts.
#[derive(Debug)]
pub(crate) struct State {
    store: Store,
    authorizer: Arc<Authorizer>,
    realm: RwLock<Realm>,
}

/// Clusters and what is theirs, by account and region, then by name.
#[derive(Debug, Default)]
pub(super) struct Realm {
    clusters: BTreeMap<String, Arc<Cluster>>,
    issuer_keys: BTreeMap<String, Arc<issuer::Key>>,
    associations: BTreeMap<String, Arc<Association>>,
    addons: BTreeMap<String, Arc<Addon>>,
    updates: BTreeMap<String, Arc<Update>>,
    access_entries: BTreeMap<String, Arc<AccessEntry>>,
    fargate_profiles: BTreeMap<String, Arc<FargateProfile>>,
    node_groups: BTreeMap<String, Arc<NodeGroup>>,
    /// The keys of those for which something is to be done.
    busy_node_groups: BTreeSet<String>,
    identity_providers: BTreeMap<String, Arc<IdentityProvider>>,
}

/// The realm, while nobody changes it.
pub(super) struct Reading<'s>(RwLockReadGuard<'s, Realm>);

/// An account in a region, as keys begin with it: `111122223333/us-west-2/`.
#[derive(Clone, Debug)]
pub(super) struct Place(String);

/// Something that is kept.
pub(super) trait Record: Clone + Serialize + DeserializeOwned + Send + Sync + 'static {
    /// Where its rows are kept.
    const TABLE: Table;

    /// By what it is looked up.
    fn key(&self) -> String;

    /// Where it is looked up.
    fn of(realm: &mut Realm) -> &mut BTreeMap<String, Arc<Self>>;

    /// Notes by what else it is looked up, or that it is not there any more.
    fn index(_realm: &mut Realm, _key: &str, _now: Option<&Self>) {}
}

impl Place {
    pub(super) fn of(account: AccountId, region: &Region) -> Self {
        Self(format!("{account}/{region}/"))
    }

    pub(super) fn in_arn(arn: &Arn) -> Self {
        Self(format!("{}/{}/", arn.account(), arn.region()))
    }

    /// The name behind it in a key.
    pub(super) fn name_in<'k>(&self, key: &'k str) -> Option<&'k str> {
        key.strip_prefix(&self.0)
    }
}

impl Record for Cluster {
    const TABLE: Table = Table::plain("eks.cluster");

    fn key(&self) -> String {
        format!("{}{}", Place::in_arn(&self.arn).0, self.name())
    }

    fn of(realm: &mut Realm) -> &mut BTreeMap<String, Arc<Self>> {
        &mut realm.clusters
    }
}

impl Record for Association {
    const TABLE: Table = Table::plain("eks.association");

    fn key(&self) -> String {
        let (cluster, id) = self.names();
        format!("{}{cluster}/{id}", Place::in_arn(&self.arn).0)
    }

    fn of(realm: &mut Realm) -> &mut BTreeMap<String, Arc<Self>> {
        &mut realm.associations
    }
}

impl Record for Addon {
    const TABLE: Table = Table::plain("eks.addon");

    fn key(&self) -> String {
        let (cluster, name) = self.names();
        format!("{}{cluster}/{name}", Place::in_arn(&self.arn).0)
    }

    fn of(realm: &mut Realm) -> &mut BTreeMap<String, Arc<Self>> {
        &mut realm.addons
    }
}

impl Record for Update {
    const TABLE: Table = Table::plain("eks.update");

    fn key(&self) -> String {
        let cluster = self.cluster.resource().strip_prefix("cluster/").unwrap_or_default();
        format!("{}{cluster}/{}", Place::in_arn(&self.cluster).0, self.id)
    }

    fn of(realm: &mut Realm) -> &mut BTreeMap<String, Arc<Self>> {
        &mut realm.updates
    }
}

impl Record for AccessEntry {
    const TABLE: Table = Table::plain("eks.access-entry");

    fn key(&self) -> String {
        format!("{}{}/{}", Place::in_arn(&self.arn).0, self.cluster(), self.principal)
    }

    fn of(realm: &mut Realm) -> &mut BTreeMap<String, Arc<Self>> {
        &mut realm.access_entries
    }
}

impl Record for FargateProfile {
    const TABLE: Table = Table::plain("eks.fargate-profile");

    fn key(&self) -> String {
        let (cluster, name) = self.names();
        format!("{}{cluster}/{name}", Place::in_arn(&self.arn).0)
    }

    fn of(realm: &mut Realm) -> &mut BTreeMap<String, Arc<Self>> {
        &mut realm.fargate_profiles
    }
}

impl Record for NodeGroup {
    const TABLE: Table = Table::plain("eks.node-group");

    fn key(&self) -> String {
        let (cluster, name, _) = self.names();
        format!("{}{cluster}/{name}", Place::in_arn(&self.arn).0)
    }

    fn of(realm: &mut Realm) -> &mut BTreeMap<String, Arc<Self>> {
        &mut realm.node_groups
    }

    fn index(realm: &mut Realm, key: &str, now: Option<&Self>) {
        if now.is_some_and(Self::is_busy) {
            realm.busy_node_groups.insert(key.to_owned());
        } else {
            realm.busy_node_groups.remove(key);
        }
    }
}

impl Record for IdentityProvider {
    const TABLE: Table = Table::plain("eks.identity-provider");

    fn key(&self) -> String {
        let (cluster, name) = self.names();
        format!("{}{cluster}/{name}", Place::in_arn(&self.arn).0)
    }

    fn of(realm: &mut Realm) -> &mut BTreeMap<String, Arc<Self>> {
        &mut realm.identity_providers
    }
}

impl Realm {
    pub(super) fn cluster(&self, place: &Place, name: &str) -> Result<&Arc<Cluster>, ServiceError> {
        self.clusters.get(&format!("{}{name}", place.0)).ok_or_else(|| fault::no_cluster(name))
    }

    /// Those of an account in all regions.
    pub(super) fn clusters_of(&self, account: AccountId) -> impl Iterator<Item = &Arc<Cluster>> + use<'_> {
        under(&self.clusters, format!("{account}/")).map(|(_, cluster)| cluster)
    }

    /// The same of Fargate profiles.
    pub(super) fn fargate_profiles_of(
        &self,
        account: AccountId,
    ) -> impl Iterator<Item = &Arc<FargateProfile>> + use<'_> {
        under(&self.fargate_profiles, format!("{account}/")).map(|(_, profile)| profile)
    }

    /// Those of a place, by name.
    pub(super) fn clusters(&self, place: &Place) -> impl Iterator<Item = (&str, &Cluster)> {
        let rows = under(&self.clusters, place.0.clone());
        rows.filter_map(|(key, cluster)| Some((place.name_in(key)?, &**cluster)))
    }

    /// What signs a cluster's tokens. Each has one.
    pub(super) fn issuer_key(&self, cluster: &Cluster) -> Option<&issuer::Key> {
        self.issuer_keys.get(&cluster.key()).map(|key| &**key)
    }

    /// One by the id in its issuer's URL.
    pub(super) fn cluster_with_id(&self, id: &str) -> Option<&Cluster> {
        self.cluster_that(|cluster| cluster.id == id)
    }

    /// The first of all accounts' that is so.
    pub(super) fn cluster_that(&self, is_so: impl Fn(&Cluster) -> bool) -> Option<&Cluster> {
        self.clusters.values().map(|cluster| &**cluster).find(|cluster| is_so(cluster))
    }

    pub(super) fn association(
        &self,
        place: &Place,
        cluster: &str,
        id: &str,
    ) -> Result<&Arc<Association>, ServiceError> {
        self.cluster(place, cluster)?;
        let found = self.associations.get(&format!("{}{cluster}/{id}", place.0));
        found.ok_or_else(|| fault::no_association(cluster, id))
    }

    /// Those of a cluster, by id.
    pub(super) fn associations(
        &self,
        place: &Place,
        cluster: &str,
    ) -> impl Iterator<Item = &Arc<Association>> + use<'_> {
        under(&self.associations, format!("{}{cluster}/", place.0)).map(|(_, association)| association)
    }

    pub(super) fn addon(&self, place: &Place, cluster: &str, name: &str) -> Result<&Arc<Addon>, ServiceError> {
        self.cluster(place, cluster)?;
        self.addons.get(&format!("{}{cluster}/{name}", place.0)).ok_or_else(|| fault::no_addon(cluster, name))
    }

    /// Those of a cluster, by name.
    pub(super) fn addons(&self, place: &Place, cluster: &str) -> impl Iterator<Item = &Arc<Addon>> + use<'_> {
        under(&self.addons, format!("{}{cluster}/", place.0)).map(|(_, addon)| addon)
    }

    pub(super) fn access_entry(
        &self,
        place: &Place,
        cluster: &str,
        principal: &str,
    ) -> Result<&Arc<AccessEntry>, ServiceError> {
        self.cluster(place, cluster)?;
        self.access_entries.get(&format!("{}{cluster}/{principal}", place.0)).ok_or_else(fault::no_access_entry)
    }

    /// Those of a cluster, by principal.
    pub(super) fn access_entries(
        &self,
        place: &Place,
        cluster: &str,
    ) -> impl Iterator<Item = &Arc<AccessEntry>> + use<'_> {
        under(&self.access_entries, format!("{}{cluster}/", place.0)).map(|(_, entry)| entry)
    }

    pub(super) fn fargate_profile(
        &self,
        place: &Place,
        cluster: &str,
        name: &str,
    ) -> Result<&Arc<FargateProfile>, ServiceError> {
        self.cluster(place, cluster)?;
        let found = self.fargate_profiles.get(&format!("{}{cluster}/{name}", place.0));
        found.ok_or_else(|| fault::no_fargate_profile(cluster, name))
    }

    /// Those of a cluster, by name.
    pub(super) fn fargate_profiles(
        &self,
        place: &Place,
        cluster: &str,
    ) -> impl Iterator<Item = &Arc<FargateProfile>> + use<'_> {
        under(&self.fargate_profiles, format!("{}{cluster}/", place.0)).map(|(_, profile)| profile)
    }

    pub(super) fn node_group(&self, place: &Place, cluster: &str, name: &str) -> Result<&Arc<NodeGroup>, ServiceError> {
        self.cluster(place, cluster)?;
        let found = self.node_groups.get(&format!("{}{cluster}/{name}", place.0));
        found.ok_or_else(|| fault::no_node_group(cluster, name))
    }

    /// The one with this ARN, and no other that has its name since.
    pub(super) fn node_group_of(&self, arn: &Arn) -> Option<&Arc<NodeGroup>> {
        let mut names = arn.resource().split('/').skip(1);
        let (cluster, name) = (names.next()?, names.next()?);
        let found = self.node_groups.get(&format!("{}{cluster}/{name}", Place::in_arn(arn).0));
        found.filter(|group| group.arn == *arn)
    }

    /// Those of an account, wherever they are.
    pub(super) fn node_groups_of(&self, account: AccountId) -> impl Iterator<Item = &Arc<NodeGroup>> + use<'_> {
        under(&self.node_groups, format!("{account}/")).map(|(_, group)| group)
    }

    /// Those of a cluster, by name.
    pub(super) fn node_groups(&self, place: &Place, cluster: &str) -> impl Iterator<Item = &Arc<NodeGroup>> + use<'_> {
        under(&self.node_groups, format!("{}{cluster}/", place.0)).map(|(_, group)| group)
    }

    /// Those of all accounts for which something is to be done.
    pub(super) fn busy_node_groups(&self) -> impl Iterator<Item = &Arc<NodeGroup>> {
        self.busy_node_groups.iter().filter_map(|key| self.node_groups.get(key))
    }

    /// Those of a cluster, by name: one at most.
    pub(super) fn identity_providers(
        &self,
        place: &Place,
        cluster: &str,
    ) -> impl Iterator<Item = &Arc<IdentityProvider>> + use<'_> {
        under(&self.identity_providers, format!("{}{cluster}/", place.0)).map(|(_, provider)| provider)
    }

    /// Those of a cluster and its add-ons, by id.
    pub(super) fn updates(&self, place: &Place, cluster: &str) -> impl Iterator<Item = &Arc<Update>> + use<'_> {
        under(&self.updates, format!("{}{cluster}/", place.0)).map(|(_, update)| update)
    }
}

/// The rows whose keys begin so.
fn under<R>(rows: &BTreeMap<String, Arc<R>>, prefix: String) -> impl Iterator<Item = (&String, &Arc<R>)> {
    let from = (Bound::Included(prefix.clone()), Bound::Unbounded);
    rows.range(from).take_while(move |(key, _)| key.starts_with(&prefix))
}

impl State {
    /// Reads what the store kept.
    ///
    /// # Errors
    /// [`OpenError`] when the store cannot be read or is damaged.
    pub(crate) fn load(store: Store, authorizer: Arc<Authorizer>) -> Result<Self, OpenError> {
        let mut realm = Realm::default();
        load::<Cluster>(&store, &mut realm)?;
        load_issuer_keys(&store, &mut realm)?;
        load::<Association>(&store, &mut realm)?;
        load::<Addon>(&store, &mut realm)?;
        load::<Update>(&store, &mut realm)?;
        load::<AccessEntry>(&store, &mut realm)?;
        load::<FargateProfile>(&store, &mut realm)?;
        load::<NodeGroup>(&store, &mut realm)?;
        load::<IdentityProvider>(&store, &mut realm)?;
        Ok(Self { store, authorizer, realm: RwLock::new(realm) })
    }

    pub(super) fn authorizer(&self) -> &Authorizer {
        &self.authorizer
    }

    /// Waits until every change that was made would survive a kill.
    pub(super) async fn durable(&self) -> Result<(), WriteFailed> {
        self.store.durable(self.store.newest()).await
    }

    pub(super) fn read(&self) -> Reading<'_> {
        Reading(self.realm.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn change(&self) -> Change<'_> {
        Change::begin(self)
    }
}

fn load<R: Record>(store: &Store, realm: &mut Realm) -> Result<(), OpenError> {
    for row in store.rows(R::TABLE)? {
        let record: R = store.decode(R::TABLE, &row)?;
        R::index(realm, &row.key, Some(&record));
        R::of(realm).insert(row.key, Arc::new(record));
    }
    Ok(())
}

fn load_issuer_keys(store: &Store, realm: &mut Realm) -> Result<(), OpenError> {
    let damaged = |key: String, why: &str| OpenError::Damaged { table: ISSUER_KEYS.name(), key, why: why.to_owned() };
    for row in store.rows(ISSUER_KEYS)? {
        if !realm.clusters.contains_key(&row.key) {
            return Err(damaged(row.key, "is of a cluster that is not there"));
        }
        let Some(key) = issuer::Key::read(row.bytes) else {
            return Err(damaged(row.key, "is no RSA key of 2048 bits"));
        };
        realm.issuer_keys.insert(row.key, Arc::new(key));
    }
    match realm.clusters.keys().find(|key| !realm.issuer_keys.contains_key(*key)) {
        Some(key) => Err(damaged(key.clone(), "is missing")),
        None => Ok(()),
    }
}

impl Deref for Reading<'_> {
    type Target = Realm;

    fn deref(&self) -> &Realm {
        &self.0
    }
}
