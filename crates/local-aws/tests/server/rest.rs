//! What is refused before it reaches a service that speaks REST, in the form that its clients read.

use crate::wire::{Request, rest, root, start};

fn get() -> Request {
    Request { method: "GET", query: String::new(), headers: Vec::new(), body: Vec::new() }
}

#[tokio::test]
async fn who_does_not_sign_right_is_told_so_in_rests_form() {
    let aws = start().await;
    let unsigned = get().send_to(&aws, "/clusters").await.rest_error();
    assert_eq!((unsigned.0, &*unsigned.1), (403, "MissingAuthenticationTokenException"));
    // The path is of EKS, and the signature for another service.
    let other = get().signed_at(&aws, &root(&aws, "kms"), "/clusters").send_to(&aws, "/clusters").await.rest_error();
    assert_eq!((other.0, &*other.1), (403, "InvalidSignatureException"));
    assert!(other.2.contains("eks"), "{}", other.2);
    let elsewhere = get().signed_at(&aws, &root(&aws, "eks"), "/clusters").send_to(&aws, "/clusters/demo").await;
    assert_eq!(elsewhere.rest_error().1, "InvalidSignatureException");
    aws.shutdown().await;
}

#[tokio::test]
async fn what_has_no_operation_is_told_so() {
    let aws = start().await;
    for (method, path, service) in [
        ("PUT", "/clusters", "eks"),
        ("GET", "/clusters/", "eks"),
        ("GET", "/nothing", "eks"),
        ("GET", "/", "eks-auth"),
        ("GET", "/clusters/a/assume-role-for-pod-identity", "eks-auth"),
    ] {
        let (status, code, message) = rest(&aws, service, method, path, "").await.rest_error();
        assert_eq!((status, &*code), (404, "UnknownOperationException"), "{method} {path}");
        assert!(message.contains(path), "{message}");
    }
    let absent = rest(&aws, "eks", "GET", "/clusters/a/capabilities", "").await.rest_error();
    assert_eq!((absent.0, &*absent.1), (400, "UnknownOperationException"));
    let broken = rest(&aws, "eks", "POST", "/clusters", "{").await.rest_error();
    assert_eq!((broken.0, &*broken.1), (400, "SerializationException"));
    aws.shutdown().await;
}
