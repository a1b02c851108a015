//! What is missing, as additions: the label, the volume, then each container's variables and mount.

use super::{Method, Place, Plan};
use crate::webhook::{
    patch::{Added, Mount, OneLabel, Patch, Projected, ServiceAccountToken, Source, TokenVolume, Variable},
    pod::{Container, Pod},
};

/// EKS marks what it injects for Pod Identity.
const LABEL: (&str, &str) = ("eks.amazonaws.com/pod-identity", "enabled");
/// Its name as a JSON pointer has it (RFC 6901, section 3).
const LABEL_POINTER: &str = "/metadata/labels/eks.amazonaws.com~1pod-identity";

impl Plan<'_> {
    pub(super) fn patch(&self, pod: &Pod<'_>) -> Patch {
        let mut patch = Patch::default();
        self.add_label(pod, &mut patch);
        self.add_volume(pod, &mut patch);
        for (place, container) in self.containers(pod) {
            self.add_to(container, place, &mut patch);
        }
        patch
    }

    fn add_label(&self, pod: &Pod<'_>, patch: &mut Patch) {
        let (name, value) = LABEL;
        if self.method != Method::PodIdentity || pod.label(name) == Some(value) {
            return;
        }
        if pod.metadata.labels.is_some() {
            patch.add(LABEL_POINTER.to_owned(), Added::Label(value));
        } else {
            patch.add("/metadata/labels".to_owned(), Added::Labels(OneLabel { pod_identity: value }));
        }
    }

    fn add_volume(&self, pod: &Pod<'_>, patch: &mut Patch) {
        let volumes = pod.spec.volumes.as_ref();
        if volumes.into_iter().flatten().any(|volume| volume.name.0 == self.token.volume) {
            return;
        }
        let volume = TokenVolume {
            name: self.token.volume.clone(),
            projected: Projected {
                sources: [Source {
                    service_account_token: ServiceAccountToken {
                        audience: self.audience.to_owned(),
                        expiration_seconds: self.expiration_seconds,
                        path: self.token.file.clone(),
                    },
                }],
            },
        };
        match volumes {
            Some(_) => patch.add("/spec/volumes/0".to_owned(), Added::Volume(volume)),
            None => patch.add("/spec/volumes".to_owned(), Added::Volumes([volume])),
        }
    }

    fn add_to(&self, container: &Container<'_>, Place { list, index }: Place, patch: &mut Patch) {
        let defined = container.env.unwrap_or_default();
        // A container that brings all of it brings its own token, too.
        if self.has_credentials(container) && defined.region && defined.regional_sts {
            return;
        }
        let variables = self.variables(container);
        let env = format!("/spec/{list}/{index}/env");
        if container.env.is_some() {
            for variable in variables {
                patch.add(format!("{env}/-"), Added::Variable(variable));
            }
        } else if !variables.is_empty() {
            patch.add(env, Added::Variables(variables));
        }
        self.add_mount(container, format!("/spec/{list}/{index}/volumeMounts"), patch);
    }

    /// Those that are missing, in EKS's order. Where one of two that belong together is there, the other is not added.
    fn variables(&self, container: &Container<'_>) -> Vec<Variable> {
        let defined = container.env.unwrap_or_default();
        let mut variables = Vec::new();
        let mut add = |name, value: &str| variables.push(Variable { name, value: value.to_owned() });
        if self.regional_sts && !defined.regional_sts {
            add("AWS_STS_REGIONAL_ENDPOINTS", "regional");
        }
        if let Some(region) = self.region
            && !defined.region
        {
            add("AWS_DEFAULT_REGION", region);
            add("AWS_REGION", region);
        }
        if !self.has_credentials(container) {
            for (name, value) in &self.credentials {
                add(name, value);
            }
        }
        variables
    }

    fn add_mount(&self, container: &Container<'_>, pointer: String, patch: &mut Patch) {
        let mount_path = &self.token.mount_path;
        let mut mounts = container.volume_mounts.iter().flatten();
        // Kubernetes refuses a pod with two mounts at one place: a container that has its own there keeps it.
        let is_there = mounts.any(|mount| {
            mount.name.0 == self.token.volume
                || mount.mount_path.0.trim_end_matches('/') == mount_path.trim_end_matches('/')
        });
        if is_there {
            return;
        }
        let mount = Mount { name: self.token.volume.clone(), read_only: true, mount_path: mount_path.clone() };
        match container.volume_mounts {
            Some(_) => patch.add(format!("{pointer}/-"), Added::Mount(mount)),
            None => patch.add(pointer, Added::Mounts([mount])),
        }
    }
}
