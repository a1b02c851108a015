//! Names in paths.

use serde_json::Value;

use crate::{
    support::{eks, new_cluster},
    wire::{self, start},
};

#[tokio::test]
async fn a_name_with_escapes_is_itself_and_nothing_else() {
    let aws = start().await;
    new_cluster(&aws, "a-b").await;
    assert_eq!(eks(&aws, "GET", "/clusters/a%2Db", Value::Null).await["cluster"]["name"], "a-b");
    for path in ["/clusters/a-b%2F", "/clusters/%2E%2E", "/clusters/a-b%00", "/clusters/A-B"] {
        let (status, code, _) = wire::rest(&aws, "eks", "GET", path, "").await.rest_error();
        assert_eq!((status, &*code), (404, "ResourceNotFoundException"), "{path}");
    }
    aws.shutdown().await;
}
