//! Input that no backend is handed.

use futures_util::TryStreamExt;
use kv_core::{ErrorKind, InvalidInput, Result, limits, prelude::KvNamespaceExt};

use crate::support::{outcome::assert_kind, scope::Scope, subject::Subject};

fn assert_refused<T>(outcome: Result<T>, refusal: InvalidInput) {
    let error = outcome.map(drop).expect_err("input that breaks a limit is refused");
    assert_eq!(error.kind(), ErrorKind::InvalidInput, "input that breaks a limit is `InvalidInput`");
    assert_eq!(error.as_invalid_input(), Some(&refusal), "the error says which limit was broken");
}

/// An empty, reserved or too long key is refused by every call, before the backend sees it.
pub async fn bad_keys_are_refused_by_every_call(subject: &Subject) {
    let kv = subject.namespace();
    let long = "x".repeat(limits::MAX_KEY_BYTES + 1);
    let keys = [
        ("", InvalidInput::KeyEmpty),
        (".", InvalidInput::KeyReserved { key: "." }),
        ("..", InvalidInput::KeyReserved { key: ".." }),
        (&long, InvalidInput::KeyTooLong { len: 513 }),
    ];
    for (key, refusal) in keys {
        assert_refused(kv.get(key).await, refusal);
        assert_refused(kv.get_with_metadata(key).await, refusal);
        assert_refused(kv.get_text(key).await, refusal);
        assert_refused(kv.get_json::<u8>(key).await, refusal);
        assert_refused(kv.get_many(["a", key]).await, refusal);
        assert_refused(kv.put(key, "1").await, refusal);
        assert_refused(kv.put_json(key, "1").await, refusal);
        assert_refused(kv.delete(key).await, refusal);
    }
}

/// A value of 26,214,401 bytes is refused.
pub async fn too_long_value_is_refused(subject: &Subject) {
    let scope = Scope::new(subject);
    let key = scope.key("a");
    let len = limits::MAX_VALUE_BYTES + 1;
    assert_refused(subject.namespace().put(&key, vec![0; len]).await, InvalidInput::ValueTooLong { len });
    scope.check(&key, None, "a refused put writes nothing").await;
}

/// A prefix of 513 bytes is refused.
pub async fn too_long_prefix_is_refused(subject: &Subject) {
    let prefix = "x".repeat(limits::MAX_PREFIX_BYTES + 1);
    let listed = subject.namespace().list(&prefix).try_next().await;
    assert_refused(listed, InvalidInput::PrefixTooLong { len: 513 });
}

/// A bulk call with one bad key is refused as a whole, and nothing of it is done.
pub async fn bulk_call_with_a_bad_key_does_nothing(subject: &Subject) {
    let scope = Scope::new(subject);
    scope.fill(["a"]).await;
    let refused = subject.namespace().delete_many([scope.key("a").as_str(), ""]).await;
    assert_kind(refused, ErrorKind::InvalidInput, "a bulk call with a bad key is refused");
    scope.check_value(&scope.key("a"), "a", "a bulk call that was refused did nothing").await;
    scope.clean().await;
}
