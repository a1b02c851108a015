//! The process's one metrics registry.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use prometheus_client::{encoding::text::encode, metrics::info::Info};

/// What `/metrics` answers with. Clones are the same registry.
#[derive(Clone, Default)]
pub struct Registry(Arc<Mutex<prometheus_client::registry::Registry>>);

impl Registry {
    /// The media type of [`encode`](Self::encode)'s text.
    ///
    /// Source: OpenMetrics 1.0, "Protocol Negotiation".
    pub const CONTENT_TYPE: &'static str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

    /// An empty registry.
    pub fn new() -> Self {
        Self::default()
    }

    /// Registers metrics: `register` gets prometheus-client's own registry.
    pub fn register<T>(&self, register: impl FnOnce(&mut prometheus_client::registry::Registry) -> T) -> T {
        register(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Registers `claviger_build_info`, by which a dashboard tells versions apart.
    pub fn register_build_info(&self, version: &'static str) {
        self.register(|registry| {
            registry.register("claviger_build", "The running version", Info::new([("version", version)]));
        });
    }

    /// Every metric, as OpenMetrics text.
    ///
    /// # Errors
    /// When a metric of our own cannot be written.
    pub fn encode(&self) -> Result<String, fmt::Error> {
        let mut text = String::new();
        encode(&mut text, &self.0.lock().unwrap_or_else(PoisonError::into_inner))?;
        Ok(text)
    }
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Registry")
    }
}

#[cfg(test)]
mod tests {
    use prometheus_client::metrics::counter::Counter;

    use super::*;

    #[test]
    fn what_one_clone_registers_the_other_encodes() {
        let registry = Registry::new();
        let seals = Counter::<u64>::default();
        registry.clone().register(|inner| inner.register("seals", "Seals", seals.clone()));
        registry.register_build_info("1.2.3");
        seals.inc();
        let text = registry.encode().unwrap();
        assert!(text.contains("seals_total 1\n"), "{text}");
        assert!(text.contains("claviger_build_info{version=\"1.2.3\"} 1\n"), "{text}");
        assert!(text.ends_with("# EOF\n"), "{text}");
    }
}
