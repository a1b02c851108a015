//! Whether a secret of a text is one that this program could have made. How long key material is, its key says.

use aws_model::SecretBytes;

use crate::{accounts, kms, sealing::MATERIAL_LEN, store::Table};

/// Says what is wrong with a secret, without it.
pub(super) fn check(table: Table, key: &str, secret: &SecretBytes) -> Result<(), String> {
    let len = secret.len();
    if table == accounts::SEED {
        if key != accounts::SEED_ROW {
            return Err(format!("there is one seed, and it is named `{}`", accounts::SEED_ROW));
        }
        return of_length(len, MATERIAL_LEN);
    }
    if table == kms::TOKEN_KEYS {
        return of_length(len, MATERIAL_LEN);
    }
    Ok(())
}

fn of_length(len: usize, right: usize) -> Result<(), String> {
    if len == right { Ok(()) } else { Err(format!("this is a secret of {len} bytes, and it has to be one of {right}")) }
}
