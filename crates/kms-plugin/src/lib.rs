//! The Kubernetes KMS plugin: gRPC on a unix socket, for every apiserver from 1.26 on.
