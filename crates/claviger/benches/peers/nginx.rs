//! nginx, where it is installed, which answers the same to everybody.

use std::{
    fs,
    net::SocketAddr,
    path::Path,
    process::{Command, Stdio},
};

pub(crate) fn is_installed() -> bool {
    Command::new("nginx").arg("-v").stderr(Stdio::null()).status().is_ok_and(|status| status.success())
}

/// One process, so that its CPU time is told whole.
pub(crate) fn command(address: SocketAddr, body: &str, folder: &Path) -> Command {
    let paths = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
    let paths: String = paths.iter().map(|name| format!("  {name}_temp_path {name};\n")).collect();
    let configuration = format!(
        "daemon off;\nmaster_process off;\npid nginx.pid;\nerror_log nginx-errors.log;\n\
         events {{ worker_connections 1024; }}\n\
         http {{\n{paths}  access_log off;\n  keepalive_requests 1000000000;\n\
         \x20 server {{ listen {address}; location / {{ default_type application/json; return 200 '{body}'; }} }}\n}}\n"
    );
    let file = folder.join("nginx.conf");
    fs::write(&file, configuration).unwrap();
    let mut command = Command::new("nginx");
    command.arg("-p").arg(folder).arg("-c").arg(file);
    command
}
