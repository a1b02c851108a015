//! Karpenter's controller, as published, as a process.

use std::{fs, path::Path, process::Command, time::Duration};

use control_plane::Process;
use test_support::{REGION, tools};

use crate::{
    cluster::Cluster,
    world::{NAME, World},
};

pub(crate) struct Controller {
    process: Process,
}

impl Controller {
    /// Starts it with the flags' environment of an installation. `queue` is the interruption queue's name.
    pub(crate) fn start(folder: &Path, name: &str, world: &World, cluster: &Cluster, queue: Option<&str>) -> Self {
        let mut command = Command::new(tools().join("karpenter"));
        command.env_clear().envs([
            ("AWS_ENDPOINT_URL", format!("http://{}", world.process.address())),
            ("AWS_REGION", REGION.to_owned()),
            ("AWS_ACCESS_KEY_ID", world.session.access_key_id.clone()),
            ("AWS_SECRET_ACCESS_KEY", world.session.secret.clone()),
            ("AWS_SESSION_TOKEN", world.session.session_token.clone().unwrap_or_default()),
            ("AWS_EC2_METADATA_DISABLED", "true".to_owned()),
            ("KUBECONFIG", cluster.plane.kubeconfig().display().to_string()),
            ("CLUSTER_NAME", NAME.to_owned()),
            // The version is asked of EKS, no prices of anybody.
            ("EKS_CONTROL_PLANE", "true".to_owned()),
            ("ISOLATED_VPC", "true".to_owned()),
            ("DISABLE_LEADER_ELECTION", "true".to_owned()),
            ("LOG_LEVEL", "debug".to_owned()),
            // Any free port.
            ("METRICS_PORT", "0".to_owned()),
            ("HEALTH_PROBE_PORT", "0".to_owned()),
            // Of one pod there is no batch to wait for.
            ("BATCH_IDLE_DURATION", "100ms".to_owned()),
        ]);
        command.envs(queue.map(|queue| ("INTERRUPTION_QUEUE", queue)));
        let process = Process::spawn(command, &folder.join(format!("{name}.log"))).unwrap();
        Self { process }
    }

    /// Does what needs it to run, and fails as soon as it does not.
    pub(crate) async fn runs_while<T>(&self, work: impl Future<Output = T>) -> T {
        tokio::select! {
            done = work => done,
            status = self.process.ended() => panic!("Karpenter ended with {status}"),
        }
    }

    pub(crate) async fn stop(self) {
        self.process.stop(Duration::from_secs(20)).await;
    }
}

impl Drop for Controller {
    /// The log goes with the folder: a test that fails shows its end.
    #[expect(clippy::print_stderr, reason = "what went wrong is read where the test failed")]
    fn drop(&mut self) {
        if std::thread::panicking() {
            let log = fs::read_to_string(self.process.log()).unwrap_or_default();
            let lines: Vec<&str> = log.lines().collect();
            eprintln!("{}", lines[lines.len().saturating_sub(40)..].join("\n"));
        }
    }
}
