//! What must hold of any octets that stand in a keyring file or come from etcd. The fuzz target runs this, and so does the
//! replay of its corpus.

use std::{fs, io::ErrorKind, os::unix::fs::PermissionsExt, path::PathBuf, time::Duration};

use aws_model::SecretBytes;
use key_service::{
    ErrorClass, KeyService, Sealed,
    keyring::{self, Keyring},
};
use tokio::{runtime, time::Instant};

/// A folder to write hostile files to, with a keyring that has sealed nothing that an attacker knows.
pub(crate) struct Place {
    file: PathBuf,
    ours: Keyring,
    runtime: runtime::Runtime,
}

impl Place {
    /// Takes a folder that is there for this alone.
    pub(crate) fn new(folder: PathBuf) -> Self {
        let ours = folder.join("ours.json");
        match keyring::create(&ours) {
            Err(keyring::KeyringError::Io { source, .. }) if source.kind() == ErrorKind::AlreadyExists => {}
            created => created.unwrap(),
        }
        let runtime = runtime::Builder::new_current_thread().enable_time().build().unwrap();
        Self { ours: Keyring::open(ours).unwrap(), file: folder.join("hostile.json"), runtime }
    }

    /// Takes octets as a ciphertext and as a file. Tells whether they are a keyring.
    pub(crate) fn check(&self, octets: &[u8]) -> bool {
        let forged = self.runtime.block_on(self.ours.open(octets, deadline()));
        assert_eq!(forged.unwrap_err().class, ErrorClass::CorruptCiphertext);

        fs::write(&self.file, octets).unwrap();
        fs::set_permissions(&self.file, PermissionsExt::from_mode(0o600)).unwrap();
        let Ok(former) = Keyring::open(&self.file) else { return false };
        self.is_whole(&former);
        true
    }

    /// What can be read seals and opens, can be added to, and then still opens what it sealed.
    fn is_whole(&self, former: &Keyring) {
        let sealed = self.seal(former);
        assert_eq!(sealed.version.as_ref(), Some(&former.current()));
        // One with the last of all numbers has none left.
        let Ok(number) = keyring::add_version(&self.file) else { return };
        keyring::set_current(&self.file, number).unwrap();
        let now = Keyring::open(&self.file).unwrap();
        assert_eq!((&now.current().key, now.current().version), (&former.current().key, Some(number.to_string())));
        for (keyring, ciphertext) in [(former, &sealed), (&now, &sealed), (&now, &self.seal(&now))] {
            let opened = self.runtime.block_on(keyring.open(&ciphertext.ciphertext, deadline())).unwrap();
            assert_eq!((opened.plaintext, Some(opened.version)), (seed(), ciphertext.version.clone()));
        }
    }

    fn seal(&self, keyring: &Keyring) -> Sealed {
        self.runtime.block_on(keyring.seal(&seed(), deadline())).unwrap()
    }
}

fn seed() -> SecretBytes {
    SecretBytes::new(b"seed".to_vec())
}

fn deadline() -> Instant {
    Instant::now() + Duration::from_secs(1)
}
