//! Keeping a process's memory out of core files and out of reach of its equals.

use rustix::process::{DumpableBehavior, Resource, Rlimit, set_dumpable_behavior, setrlimit};

/// The process's memory could still end up in a core file.
#[derive(Debug, thiserror::Error)]
#[error("cannot switch off {what}: {source}; the process would leave plaintext in a core file, so it does not start")]
pub struct CoreFilesStayOn {
    what: &'static str,
    source: rustix::io::Errno,
}

/// No core file is ever written of this process, and other processes of its user can neither trace it nor read its
/// memory (`PR_SET_DUMPABLE` 0 and `RLIMIT_CORE` 0). Children inherit the limit; `execve` makes them dumpable again.
///
/// To be called first thing by a process that will hold plaintext or key material.
///
/// Source: prctl(2), `PR_SET_DUMPABLE`; core(5).
///
/// # Errors
/// [`CoreFilesStayOn`] when the kernel refuses.
pub fn keep_memory_private() -> Result<(), CoreFilesStayOn> {
    set_dumpable_behavior(DumpableBehavior::NotDumpable)
        .map_err(|source| CoreFilesStayOn { what: "PR_SET_DUMPABLE", source })?;
    setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) })
        .map_err(|source| CoreFilesStayOn { what: "RLIMIT_CORE", source })
}

#[cfg(test)]
mod tests {
    use rustix::process::{dumpable_behavior, getrlimit};

    use super::*;

    #[test]
    fn the_kernel_knows_the_process_as_not_dumpable() {
        keep_memory_private().unwrap();
        assert_eq!(dumpable_behavior().unwrap(), DumpableBehavior::NotDumpable);
        assert_eq!(getrlimit(Resource::Core).maximum, Some(0));
    }
}
