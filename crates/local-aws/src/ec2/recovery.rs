//! What was cut off by a kill is brought to its end.

use std::collections::HashSet;

use authz::launch::CONTEXT_KEY;

use super::Ec2;

/// The role that EC2's grants are for.
const INFRASTRUCTURE: &str = ":assumed-role/aws:ec2-infrastructure/";

impl Ec2 {
    /// Ends the grants of volumes in the making that no volume has: what they were made for never came to be, or is gone.
    pub(super) fn recover(&self) {
        let open: HashSet<&str> = self.state.open().iter().map(String::as_str).collect();
        if open.is_empty() {
            return;
        }
        let left: Vec<_> = {
            let realm = self.state.read();
            let of_volumes = open.iter().filter_map(|id| realm.volumes.get(id));
            let kept: HashSet<&str> =
                of_volumes.flat_map(|volume| volume.grants.iter().map(|grant| grant.id.as_str())).collect();
            let made = self.kms.grants_to(|grantee| grantee.contains(INFRASTRUCTURE), CONTEXT_KEY);
            let is_left =
                |(_, id, volume): &(_, String, String)| open.contains(volume.as_str()) && !kept.contains(id.as_str());
            made.into_iter().filter(is_left).collect()
        };
        if !left.is_empty() {
            tracing::info!(grants = left.len(), "ended what a kill had left of volumes in the making");
            self.kms.end_grants(left.iter().map(|(key, id, _)| (key, id.as_str())));
        }
        self.state.open().iter().cloned().for_each(|volume| self.state.settled(volume));
    }
}
