//! The settings file, taken up while the plugin serves.

use std::sync::Arc;

use daemon::unix_socket::Admission;
use kms_plugin::engine::Gate;

use super::super::settings::{Changeable, SettingsFile};
use crate::{
    logging::ChangeableLog,
    plugin::{Plugin, Site},
};

/// All that changed settings reach, the engines aside.
pub(super) struct Adjustable {
    file: Option<SettingsFile>,
    in_force: Changeable,
    aws: Arc<Gate>,
    keyrings: Vec<Arc<Gate>>,
    admissions: Vec<Admission>,
    log: ChangeableLog,
}

impl Adjustable {
    /// `aws` is the gate of all sites under AWS KMS; each other site has its own.
    pub(super) fn new(
        file: Option<SettingsFile>,
        in_force: Changeable,
        aws: Arc<Gate>,
        sites: &[Site],
        log: ChangeableLog,
    ) -> Self {
        let own = sites.iter().map(|site| &site.gate).filter(|gate| !Arc::ptr_eq(gate, &aws));
        let keyrings = own.cloned().collect();
        let admissions = sites.iter().map(|site| site.listener.admission()).collect();
        Self { file, in_force, aws, keyrings, admissions, log }
    }

    /// Reads the file again. What is wrong with it is told, and what was in force stays so.
    pub(super) fn take_up(&mut self, plugin: &Plugin) {
        let Some(file) = &self.file else { return };
        let settings = match file.read() {
            Ok(settings) if settings == self.in_force => return,
            Ok(settings) => settings,
            Err(problems) => {
                for problem in problems {
                    tracing::error!(%problem, "settings not taken up: the former stay in force");
                }
                return;
            }
        };
        self.log.change(settings.log.as_ref());
        for admission in &self.admissions {
            admission.change(settings.allowed());
        }
        self.aws.adjust(settings.max_calls, settings.rate());
        for gate in &self.keyrings {
            gate.adjust(settings.max_calls, None);
        }
        plugin.adjust(&settings.engine());
        tracing::info!(file = %file.path().display(), ?settings, "settings taken up");
        self.in_force = settings;
    }
}
