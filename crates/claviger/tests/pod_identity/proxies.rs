//! EKS Auth by way of a proxy, as the environment names it.

use std::time::Duration;

use control_plane::Process;
use test_support::{EmbeddedAws, eventually};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
    sync::mpsc,
};

use crate::{
    CLAVIGER,
    cluster::{SOON, http},
    rig::{Rig, address},
    sdks::PODS,
};

/// A proxy that refuses all, and tells what it was asked.
async fn proxy() -> (String, mpsc::UnboundedReceiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (told, asked) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut head = vec![0; 4096];
            let length = stream.read(&mut head).await.unwrap_or(0);
            let line = String::from_utf8_lossy(&head[..length]).lines().next().unwrap_or_default().to_owned();
            let _ = told.send(line);
            let _ = stream.write_all(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n").await;
        }
    });
    (url, asked)
}

#[tokio::test(flavor = "multi_thread")]
async fn eks_auth_is_called_by_way_of_the_environments_proxy_unless_that_leaves_it_out() {
    let rig = Rig::start(&PODS[..1]).await;
    let (url, mut asked) = proxy().await;
    let authorization = format!("Authorization: {}\r\n", std::fs::read_to_string(&rig.tokens[0]).unwrap());
    for (number, left_out) in ["", "eks-auth.invalid"].into_iter().enumerate() {
        let mut command = rig.program(CLAVIGER);
        command.args(["pod-identity", "agent", "--cluster-name=demo", "--log-format=json", "--bind-hosts=127.0.0.1"]);
        command.args(["--port=0", "--probe-port=none", "--metrics-port=none", "--endpoint=https://eks-auth.invalid"]);
        command.env_clear().env("HOME", rig.folder.path()).envs(EmbeddedAws::environment(rig.aws.address()));
        command.env("HTTPS_PROXY", &url).env("NO_PROXY", left_out);
        let process = Process::spawn(command, &rig.folder.path().join(format!("agent-{number}.log"))).unwrap();
        let listens = eventually("the agent listens", SOON, async || {
            address(&process.log_tail(), "listening").ok_or_else(|| process.log_tail())
        })
        .await;
        // Nobody has that name: with a proxy or without, there is no answer.
        let answer = http(listens, "GET /v1/credentials", &authorization, "").await;
        assert!(answer.starts_with("HTTP/1.1 500"), "{answer}");
        let mut calls = Vec::new();
        while let Ok(call) = asked.try_recv() {
            calls.push(call);
        }
        let is_by_proxy = calls.iter().any(|call| call.starts_with("CONNECT eks-auth.invalid:443"));
        assert_eq!((is_by_proxy, calls.is_empty()), (left_out.is_empty(), !left_out.is_empty()), "{calls:?}");
        process.stop(Duration::from_secs(20)).await;
    }
}
