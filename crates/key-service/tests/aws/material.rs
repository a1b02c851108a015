//! Which key and which material an answer names.

use aws_model::EncryptionContext;
use key_service::{ErrorClass, aws::AwsKms};

use crate::support::{Aws, open, seal, seed};

#[tokio::test]
async fn what_is_sealed_opens_and_names_the_keys_arn_and_material() {
    let aws = Aws::start().await;
    let arn = aws.key().await;
    let key = aws.adapter(&arn);
    let opened = open(&key, &seal(&key).await.unwrap()).await.unwrap();
    assert_eq!(opened.plaintext, seed());
    let described = aws.admin.describe_key().key_id(&arn).send().await.unwrap().key_metadata.unwrap();
    let material = described.current_key_material_id.unwrap();
    assert_eq!(opened.version.to_string(), format!("{arn}@{material}"));
}

#[tokio::test]
async fn a_rotation_changes_the_material_and_what_was_sealed_before_names_the_former() {
    let aws = Aws::start().await;
    let arn = aws.key().await;
    let key = aws.adapter(&arn);
    let before = seal(&key).await.unwrap();
    let former = open(&key, &before).await.unwrap().version;
    aws.admin.rotate_key_on_demand().key_id(&arn).send().await.unwrap();
    let after = open(&key, &seal(&key).await.unwrap()).await.unwrap().version;
    assert_ne!(after, former);
    assert_eq!(after.key, former.key);
    assert_eq!(open(&key, &before).await.unwrap().version, former);
}

#[tokio::test]
async fn an_alias_that_moves_on_still_opens_what_the_former_key_sealed() {
    let aws = Aws::start().await;
    let (one, two) = (aws.key().await, aws.key().await);
    aws.admin.create_alias().alias_name("alias/etcd").target_key_id(&one).send().await.unwrap();
    let key = aws.adapter("alias/etcd");
    let sealed = seal(&key).await.unwrap();
    aws.admin.update_alias().alias_name("alias/etcd").target_key_id(&two).send().await.unwrap();
    assert_eq!(open(&key, &sealed).await.unwrap().version.key, one);
    assert_eq!(open(&key, &seal(&key).await.unwrap()).await.unwrap().version.key, two);
}

#[tokio::test]
async fn a_key_named_by_arn_or_id_opens_nothing_of_another_key() {
    let aws = Aws::start().await;
    let (one, two) = (aws.key().await, aws.key().await);
    let sealed = seal(&aws.adapter(&one)).await.unwrap();
    for name in [two.as_str(), two.rsplit('/').next().unwrap()] {
        let error = open(&aws.adapter(name), &sealed).await.unwrap_err();
        assert_eq!(error.class, ErrorClass::CorruptCiphertext, "{error}");
    }
}

#[tokio::test]
async fn the_encryption_context_is_bound() {
    let aws = Aws::start().await;
    let arn = aws.key().await;
    let of_context = |context: &str| {
        let encryption_context = context.parse::<EncryptionContext>().unwrap();
        AwsKms::connect(key_service::aws::AwsKmsSettings { encryption_context, ..aws.settings(&arn) }).unwrap()
    };
    let sealed = seal(&of_context("cluster=a,purpose=etcd")).await.unwrap();
    assert_eq!(open(&of_context("purpose=etcd,cluster=a"), &sealed).await.unwrap().plaintext, seed());
    for other in ["cluster=b,purpose=etcd", "cluster=a", ""] {
        let error = open(&of_context(other), &sealed).await.unwrap_err();
        assert_eq!(error.class, ErrorClass::CorruptCiphertext, "`{other}`: {error}");
    }
}
