//! Invalid input, which is rejected before a backend sees it.

use futures_util::TryStreamExt;
use kv_core::{ErrorKind, InvalidInput, limits, prelude::KvNamespaceExt};

use crate::support::{
    errors::{assert_kind, assert_rejected},
    scope::Scope,
    subject::Subject,
};

/// Every call rejects an empty, reserved or too long key, before the backend sees it.
pub async fn every_call_rejects_invalid_keys(subject: &Subject) {
    let kv = subject.namespace();
    let long = "x".repeat(limits::MAX_KEY_BYTES + 1);
    let keys = [
        ("", InvalidInput::KeyEmpty),
        (".", InvalidInput::KeyReserved { key: "." }),
        ("..", InvalidInput::KeyReserved { key: ".." }),
        (&long, InvalidInput::KeyTooLong { len: 513 }),
    ];
    for (key, limit) in keys {
        assert_rejected(kv.get(key).await, limit);
        assert_rejected(kv.get_with_metadata(key).await, limit);
        assert_rejected(kv.get_text(key).await, limit);
        assert_rejected(kv.get_json::<u8>(key).await, limit);
        assert_rejected(kv.get_many(["a", key]).await, limit);
        assert_rejected(kv.put(key, "1").await, limit);
        assert_rejected(kv.put_json(key, "1").await, limit);
        assert_rejected(kv.delete(key).await, limit);
    }
}

/// A value of 26,214,401 bytes is rejected.
pub async fn too_long_value_is_rejected(subject: &Subject) {
    let scope = Scope::new(subject);
    let key = scope.key("a");
    let len = limits::MAX_VALUE_BYTES + 1;
    assert_rejected(subject.namespace().put(&key, vec![0; len]).await, InvalidInput::ValueTooLong { len });
    scope.check(&key, None, "a rejected put writes nothing").await;
}

/// A prefix of 513 bytes is rejected.
pub async fn too_long_prefix_is_rejected(subject: &Subject) {
    let prefix = "x".repeat(limits::MAX_PREFIX_BYTES + 1);
    let listed = subject.namespace().list(&prefix).try_next().await;
    assert_rejected(listed, InvalidInput::PrefixTooLong { len: 513 });
}

/// A bulk call with one invalid key is rejected as a whole and does nothing.
pub async fn bulk_call_with_an_invalid_key_does_nothing(subject: &Subject) {
    let scope = Scope::new(subject);
    scope.fill(["a"]).await;
    let rejected = subject.namespace().delete_many([scope.key("a").as_str(), ""]).await;
    assert_kind(rejected, ErrorKind::InvalidInput, "a bulk call with an invalid key is rejected");
    scope.check_value(&scope.key("a"), "a", "a rejected bulk call does nothing").await;
    scope.clean().await;
}
