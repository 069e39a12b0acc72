//! Recorded operations of Cloudflare's own runtime, on a namespace in a file.

mod subjects;

use kv_testkit::vectors_test;

#[test]
fn redb_answers_as_the_runtime_does() {
    vectors_test(subjects::redb);
}

#[test]
fn redb_behind_a_shared_pointer_answers_as_the_runtime_does() {
    vectors_test(subjects::shared_redb);
}
