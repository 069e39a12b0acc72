//! `Error`: one pointer with everything about a failure, and nothing that must not be logged.

use std::{error::Error as _, fmt, io, time::Duration};

use kv_core::{Error, ErrorKind, InvalidInput, Key, Result};

const KINDS: [(ErrorKind, &str, bool); 12] = [
    (ErrorKind::InvalidInput, "invalid input", false),
    (ErrorKind::Unauthorized, "unauthorized", false),
    (ErrorKind::NamespaceNotFound, "namespace not found", false),
    (ErrorKind::NamespaceExists, "namespace exists", false),
    (ErrorKind::Locked, "locked", false),
    (ErrorKind::RateLimited, "rate limited", true),
    (ErrorKind::QuotaExceeded, "quota exceeded", false),
    (ErrorKind::Unavailable, "unavailable", true),
    (ErrorKind::Corrupt, "corrupt", false),
    (ErrorKind::Codec, "codec", false),
    (ErrorKind::Closed, "closed", false),
    (ErrorKind::Other, "other", false),
];

fn full() -> Error {
    Error::new(ErrorKind::RateLimited, "my-backend", "too many writes")
        .with_operation("write")
        .with_key(&Key::new("session:hunter2").unwrap())
        .with_retry_after(Duration::from_secs(7))
        .with_source(io::Error::other("the line is busy"))
}

#[test]
fn an_error_is_one_pointer() {
    assert_eq!(size_of::<Error>(), size_of::<usize>());
    assert_eq!(size_of::<Option<Error>>(), size_of::<usize>());
    assert_eq!(size_of::<Result<()>>(), size_of::<usize>());
}

#[test]
fn an_error_goes_anywhere() {
    fn assert<T: std::error::Error + Clone + Send + Sync + 'static>() {}
    assert::<Error>();
    assert::<InvalidInput>();
}

#[test]
fn the_kind_says_whether_to_try_again() {
    for (kind, name, retryable) in KINDS {
        let error = Error::new(kind, "my-backend", "it failed");
        assert_eq!(error.kind(), kind);
        assert_eq!((error.is_retryable(), kind.is_retryable()), (retryable, retryable), "{name}");
        assert_eq!(kind.to_string(), name);
    }
}

#[test]
fn a_new_error_has_nothing_but_what_it_was_given() {
    let error = Error::new(ErrorKind::Other, "my-backend", String::from("it failed"));
    assert_eq!((error.backend(), error.to_string().as_str()), ("my-backend", "it failed"));
    assert_eq!((error.operation(), error.key(), error.retry_after()), (None, None, None));
    assert!(error.as_invalid_input().is_none() && error.source().is_none());
    assert_eq!(
        format!("{error:?}"),
        "Error { kind: Other, backend: \"my-backend\", message: \"it failed\" }"
    );
}

#[test]
fn what_is_added_is_there_and_the_message_stays_alone() {
    let error = full();
    assert_eq!(error.operation(), Some("write"));
    assert_eq!(error.key().map(Key::as_str), Some("session:hunter2"));
    assert_eq!(error.retry_after(), Some(Duration::from_secs(7)));
    assert_eq!(error.to_string(), "too many writes");
}

#[test]
fn the_last_one_added_stays() {
    let error = full()
        .with_operation("remove")
        .with_key(&Key::from_static("other"))
        .with_retry_after(Duration::ZERO)
        .with_source("another cause");
    assert_eq!((error.operation(), error.retry_after()), (Some("remove"), Some(Duration::ZERO)));
    assert_eq!(error.key(), Some(&Key::from_static("other")));
    assert_eq!(error.source().unwrap().to_string(), "another cause");
}

#[test]
fn debug_shows_the_length_of_the_key_and_not_the_key() {
    assert_eq!(
        format!("{:?}", full()),
        "Error { kind: RateLimited, backend: \"my-backend\", operation: \"write\", message: \"too many writes\", \
         key_len: 15, retry_after: 7s, source: Custom { kind: Other, error: \"the line is busy\" } }"
    );
    assert!(!format!("{:#?}", full()).contains("hunter2"));
}

#[test]
fn the_causes_are_a_chain() {
    let disk =
        Error::new(ErrorKind::Corrupt, "disk", "a page is torn").with_source(io::Error::other("bad sector"));
    let error = Error::new(ErrorKind::Unavailable, "my-backend", "the read failed").with_source(disk);
    let disk = error.source().unwrap();
    assert_eq!(disk.downcast_ref::<Error>().unwrap().kind(), ErrorKind::Corrupt);
    let sector = disk.source().unwrap();
    assert_eq!(sector.downcast_ref::<io::Error>().unwrap().to_string(), "bad sector");
    assert!(sector.source().is_none());
}

#[test]
fn clones_share_until_one_is_changed() {
    #[derive(Debug)]
    struct Cause;

    impl fmt::Display for Cause {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("cause")
        }
    }

    impl std::error::Error for Cause {}

    let cause = |error: &Error| std::ptr::from_ref(error.source().unwrap()).cast::<()>() as usize;
    let error = Error::new(ErrorKind::Closed, "my-backend", "the commit failed").with_source(Cause);
    let changed = error.clone().with_key(&Key::from_static("k"));
    assert_eq!(cause(&error), cause(&error.clone()));
    assert_eq!(cause(&error), cause(&changed));
    assert_eq!((error.key(), changed.key()), (None, Some(&Key::from_static("k"))));
}

#[test]
fn an_error_passes_through_boxes_and_io() {
    let boxed: Box<dyn std::error::Error + Send + Sync> = full().into();
    assert_eq!(boxed.downcast_ref::<Error>().unwrap().kind(), ErrorKind::RateLimited);
    let io = io::Error::other(full());
    assert_eq!(io.to_string(), "too many writes");
}
