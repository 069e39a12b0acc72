#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
//! Messages of the builder and of `check_address`, each to the letter.

use std::sync::Arc;

use kv_core::{Error, ErrorKind};
use kv_memory::MemoryStore;
use kv_server::{KvServer, KvServerBuilder};

fn builder() -> KvServerBuilder {
    KvServer::builder(Arc::new(MemoryStore::new()))
}

fn refused(builder: KvServerBuilder) -> Error {
    builder.build().unwrap_err()
}

#[test]
fn every_message_says_what_is_wrong_and_the_limit() {
    let table = [
        (
            refused(builder().account_id("hunter2")),
            "account id is malformed: 7 characters (needs 32 hexadecimal digits)",
        ),
        (
            refused(builder().account_id("g123456789abcdef0123456789abcdef")),
            "account id has characters other than hexadecimal digits",
        ),
        (refused(builder().token("")), "token is empty: set one, or leave the token out"),
        (
            refused(builder().token("hunter 2")),
            "token is malformed: it needs visible ASCII characters without spaces",
        ),
        (
            refused(builder().token("hunter\u{e9}")),
            "token is malformed: it needs visible ASCII characters without spaces",
        ),
        (
            refused(builder().allow_host("dev.test").allow_host("http://dev.test:80")),
            "allowed host is malformed: \"http://dev.test:80\" (give a name or an address, without scheme or port)",
        ),
        (
            refused(builder().allow_host("")),
            "allowed host is malformed: \"\" (give a name or an address, without scheme or port)",
        ),
        (refused(builder().max_concurrent_requests(0)), "max_concurrent_requests is too small: 0 (min 1)"),
        (
            refused(builder().max_concurrent_requests(usize::MAX)),
            "max_concurrent_requests is too large: 18446744073709551615 (max 2305843009213693951)",
        ),
        (refused(builder().max_concurrent_uploads(0)), "max_concurrent_uploads is too small: 0 (min 1)"),
        (refused(builder().max_connections(0)), "max_connections is too small: 0 (min 1)"),
        (
            refused(builder().max_memory(96 * 1024 * 1024 - 1)),
            "max_memory is too small: 100663295 bytes (min 100663296)",
        ),
    ];
    for (error, message) in table {
        assert_eq!(error.to_string(), message);
        assert_eq!((error.kind(), error.operation()), (ErrorKind::InvalidInput, Some("build")));
        assert_eq!(error.backend(), "kv-server");
        assert!(!format!("{error:?}").contains("hunter"), "{error:?}");
    }
}

#[test]
fn without_a_token_a_public_address_is_refused() {
    let error = builder().build().unwrap().check_address("192.0.2.1:8788".parse().unwrap()).unwrap_err();
    let message = "cannot listen on 192.0.2.1:8788 without a token: set one, or listen on a loopback address";
    assert_eq!((error.kind(), error.to_string().as_str()), (ErrorKind::Unauthorized, message));
}

#[test]
fn the_least_of_everything_is_enough() {
    let builder = builder().max_concurrent_requests(1).max_connections(1).max_memory(96 * 1024 * 1024);
    builder.max_concurrent_uploads(1).build().unwrap();
}

#[test]
fn debug_shows_no_token() {
    let server = builder().token("hunter2").build().unwrap();
    assert!(!format!("{server:?}{:?}", builder().token("hunter2")).contains("hunter2"));
}
