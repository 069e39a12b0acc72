//! Conformance suite and model test, on a namespace and behind an `Arc`.

mod subjects;

use kv_testkit::{ModelOptions, model_test};

mod direct {
    kv_testkit::conformance!(crate::subjects::redb, clock, atomic, store);
}

mod shared {
    kv_testkit::conformance!(crate::subjects::shared_redb, clock, atomic, store);
}

#[test]
fn direct_agrees_with_the_model() {
    model_test(subjects::redb, ModelOptions::default());
}

#[test]
fn shared_agrees_with_the_model() {
    model_test(subjects::shared_redb, ModelOptions::default());
}
