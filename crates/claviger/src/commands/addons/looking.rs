//! `claviger addons list` and `show`.

use std::{collections::BTreeSet, fmt, slice};

use clap::Args;
use serde::Serialize;
use serde_json::{Value, json};

use super::{
    connection::Connection,
    facts::{Facts, Offered},
    observe::{Asked, Named, Observer, Unknown},
    service_accounts::ServiceAccounts,
    table::Table,
    today::Today,
};
use crate::{commands::block_on_this_thread, exit::Exit, failure::Failure, printer::Printer};

#[derive(Args, Debug)]
pub(super) struct List {
    /// The cluster
    #[arg(long, value_name = "NAME")]
    cluster: String,

    /// Also the add-ons of AWS that the cluster could have
    #[arg(long)]
    available: bool,

    #[command(flatten)]
    service_accounts: ServiceAccounts,

    #[command(flatten)]
    connection: Connection,
}

#[derive(Args, Debug)]
pub(super) struct Show {
    /// The add-on, and a version of it where not the one that is installed, or the default, is meant
    #[arg(value_name = "ADD-ON[=VERSION]")]
    addon: Named,

    /// The cluster
    #[arg(long, value_name = "NAME")]
    cluster: String,

    #[command(flatten)]
    service_accounts: ServiceAccounts,

    #[command(flatten)]
    connection: Connection,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Listed<'a> {
    event: &'static str,
    cluster: &'a str,
    addons: Vec<Today>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Shown<'a> {
    event: &'static str,
    cluster: &'a str,
    kubernetes: &'a str,
    #[serde(flatten)]
    today: Today,
    versions: &'a [Offered],
}

impl List {
    pub(super) fn run(&self, printer: Printer) -> Result<Exit, Failure> {
        let annotated = self.service_accounts.read()?;
        let facts = block_on_this_thread(async {
            let observer = Observer::new(&self.connection.aws().await)?;
            let all = if self.available { self.all(&observer).await? } else { Vec::new() };
            let cluster = &*self.cluster;
            Ok(observer.facts(Asked { cluster, named: &all, roles: &[], annotated, of_irsa: false }).await?)
        })?;
        let addons = facts.addons.iter().map(|addon| Today::of(&facts, addon)).collect();
        printer.say(&Listed { event: "listed", cluster: &self.cluster, addons })?;
        Ok(Exit::Done)
    }

    /// What it has and what AWS has for it.
    async fn all(&self, observer: &Observer) -> Result<Vec<Named>, Unknown> {
        let cluster = observer.eks.call("DescribeCluster", json!({ "name": self.cluster })).await?;
        let kubernetes = cluster.pointer("/cluster/version");
        let input = json!({ "kubernetesVersion": kubernetes, "owners": ["aws"] });
        let offered = observer.eks.items("DescribeAddonVersions", input, "addons").await?;
        let named = json!({ "clusterName": self.cluster });
        let installed = observer.eks.items("ListAddons", named, "addons").await?;
        let offered = offered.iter().filter_map(|addon| addon.get("addonName"));
        let names: BTreeSet<&str> = offered.chain(&installed).filter_map(Value::as_str).collect();
        Ok(names.into_iter().map(|name| Named { name: name.to_owned(), version: None }).collect())
    }
}

impl Show {
    pub(super) fn run(&self, printer: Printer) -> Result<Exit, Failure> {
        let annotated = self.service_accounts.read()?;
        let facts = block_on_this_thread(async {
            let observer = Observer::new(&self.connection.aws().await)?;
            let (cluster, named) = (&*self.cluster, slice::from_ref(&self.addon));
            Ok(observer.facts(Asked { cluster, named, roles: &[], annotated, of_irsa: false }).await?)
        })?;
        let Facts { cluster, addons, .. } = &facts;
        for addon in addons {
            printer.say(&Shown {
                event: "shown",
                cluster: &cluster.name,
                kubernetes: &cluster.kubernetes,
                today: Today::of(&facts, addon),
                versions: &addon.offered,
            })?;
        }
        Ok(Exit::Done)
    }
}

impl fmt::Display for Listed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", Today::rows(&self.addons))
    }
}

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", Today::rows(slice::from_ref(&self.today)))?;
        write!(f, "{}", self.today)?;
        writeln!(f, "\nversions on Kubernetes {}", self.kubernetes)?;
        let mut table = Table::new(["VERSION", "DEFAULT", "NEEDS IAM"]);
        for Offered { version, is_default, requires_iam_permissions } in self.versions {
            let word = |is: bool| if is { "yes" } else { "no" }.to_owned();
            table.push(vec![version.clone(), word(*is_default), word(*requires_iam_permissions)]);
        }
        write!(f, "{table}")
    }
}
