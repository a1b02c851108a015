//! What a side port asks.

/// One thing that must be well for the daemon to be: for a KMS plugin, one key on its socket.
///
/// Both questions are answered from what is known, at once: a probe must never wait for a remote service.
pub trait Health: Send + Sync {
    /// What this is, as `?verbose` lists it. Holds no secret.
    fn name(&self) -> &str;

    /// Whether a restart would *not* help.
    ///
    /// # Errors
    /// What is wrong, when only a restart would mend it.
    fn live(&self) -> Result<(), String>;

    /// Whether it can serve.
    ///
    /// # Errors
    /// Why it cannot, in words that may be read by anyone who can reach the port.
    fn ready(&self) -> Result<(), String>;
}
