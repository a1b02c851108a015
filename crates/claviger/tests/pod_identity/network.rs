//! A network of its own for a test: nobody else has the link-local addresses there.

use std::{
    ffi::OsStr,
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use test_support::eventually;

/// A user and network namespace. It lives as long as a process that does nothing in it.
pub(crate) struct Network(Child);

impl Network {
    /// With `lo` up, and IPv6 switched off if so asked.
    pub(crate) async fn new(ipv6: bool) -> Self {
        // It ends when its standard input does.
        let mut holder = Command::new("unshare");
        holder.args(["--user", "--map-root-user", "--net", "cat"]).stdin(Stdio::piped()).stdout(Stdio::null());
        let network = Self(holder.spawn().expect("`unshare` of util-linux runs"));
        eventually("the network is there", Duration::from_secs(10), async || {
            let own = |pid: &str| fs::read_link(format!("/proc/{pid}/ns/net")).unwrap();
            if own(&network.0.id().to_string()) == own("self") { Err("not yet") } else { Ok(()) }
        })
        .await;
        network.sh("ip link set lo up");
        if !ipv6 {
            network.sh("echo 1 >/proc/sys/net/ipv6/conf/all/disable_ipv6; echo 1 >/proc/sys/net/ipv6/conf/default/disable_ipv6");
        }
        network
    }

    /// What a line of shell prints there.
    pub(crate) fn sh(&self, line: &str) -> String {
        let output = program_in(Some(self), "sh").args(["-c", line]).output().unwrap();
        assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    /// A script that runs `program` there: for who starts programs by their path.
    pub(crate) fn script(&self, folder: &Path, program: &str) -> PathBuf {
        let path = folder.join("in-network");
        let enter = self.enter().join(" ");
        fs::write(&path, format!("#!/bin/sh\nexec nsenter {enter} {program} \"$@\"\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        path
    }

    fn enter(&self) -> [String; 4] {
        let target = format!("--target={}", self.0.id());
        [target, "--user".to_owned(), "--net".to_owned(), "--preserve-credentials".to_owned()]
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A program in a network, or in the test's own.
pub(crate) fn program_in(network: Option<&Network>, program: impl AsRef<OsStr>) -> Command {
    let Some(network) = network else { return Command::new(program) };
    // By its path, since what runs there is given no environment of the test's.
    let mut command = Command::new("/usr/bin/nsenter");
    command.args(network.enter()).arg(program);
    command
}
