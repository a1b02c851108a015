//! What STS may refuse, told as soon as an association says so and before any pod asks.

use std::collections::HashMap;

use eks_auth::Packed;

use super::cluster::AssociationsFeed;

/// Tells of each association whose sessions' tags STS may find too large, once for each change of them, as long as the
/// associations are followed. What STS measures with the first session is told there.
pub async fn foretell_packed(cluster: String, mut associations: AssociationsFeed) {
    let mut told: HashMap<String, Packed> = HashMap::new();
    loop {
        let now = associations.borrow_and_update().clone();
        let mut large = HashMap::new();
        for association in now.iter().flat_map(|all| all.iter()) {
            let packed = Packed::foreseen(association);
            if !packed.may_be_refused() {
                continue;
            }
            let id = association.id.clone();
            if told.get(&id) != Some(&packed) {
                let (role, percent) = (association.role.as_str(), packed.percent());
                tracing::warn!(cluster, association = id, role, percent, "STS may refuse: {packed}; {}", Packed::HELP);
            }
            large.insert(id, packed);
        }
        told = large;
        if associations.changed().await.is_err() {
            // They are what they are; whoever runs this is not to take it for a fault.
            std::future::pending::<()>().await;
        }
    }
}
