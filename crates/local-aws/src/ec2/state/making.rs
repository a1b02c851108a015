//! Whose grants may be there though nothing says so: of volumes that are being made, attached, detached or ended.
//!
//! KMS has its changes in the file before EC2 has what they were for, or after EC2 let it go. A kill in between would leave
//! grants that nobody ends. So the name of the volume is in the file first, and goes when it is settled whose grants there
//! are; who finds it at the start ends what nothing has ([`recovery`](crate::ec2::recovery)).

use std::sync::PoisonError;

use aws_model::SecretBytes;
use serde::{Deserialize, Serialize};

use super::{Change, State};
use crate::store::{OpenError, Store, Table};

/// The volume, or the copy.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Making {
    id: String,
}

pub(super) const TABLE: Table = Table::plain("ec2.making");

impl Change<'_> {
    /// From now on it is open which grants a volume has.
    pub(in crate::ec2) fn making(&mut self, id: &str) {
        let row = serde_json::to_vec(&Making { id: id.to_owned() }).unwrap_or_default();
        self.rows.put(TABLE, id.to_owned(), SecretBytes::new(row));
    }

    /// It has those that its row says.
    pub(in crate::ec2) fn made(&mut self, id: &str) {
        self.rows.delete(TABLE, id.to_owned());
    }
}

impl State {
    /// A volume has no grants but those that its row says. The next change says so in the file: whoever tells it here may
    /// be in the middle of one.
    pub(in crate::ec2) fn settled(&self, id: String) {
        self.settled.lock().unwrap_or_else(PoisonError::into_inner).push(id);
    }

    /// What was open when the state was left.
    pub(in crate::ec2) fn open(&self) -> &[String] {
        &self.open
    }
}

/// What is open in the file.
pub(super) fn read(store: &Store) -> Result<Vec<String>, OpenError> {
    let rows = store.rows(TABLE)?;
    rows.iter().map(|row| store.decode::<Making>(TABLE, row).map(|making| making.id)).collect()
}
