//! A real etcd and kube-apiserver on this machine, started from their binaries.
