#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
//! Messages of the program about its arguments, each to the letter, and its exit codes.
#![cfg(all(feature = "stores", unix))]

use std::process::{Command, Stdio};

/// Runs the program, which must not start serving; returns its exit code and stderr.
fn run(arguments: &[&str]) -> (Option<i32>, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kv-server"));
    command.args(arguments).env_remove("KV_SERVER_TOKEN").env_remove("RUST_LOG").stdin(Stdio::null());
    let output = command.output().unwrap();
    assert!(output.stdout.is_empty(), "{arguments:?}");
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

#[test]
fn a_malformed_flag_is_named_with_a_valid_form() {
    const LISTEN: &str = "give HOST:PORT, such as `localhost:8788`, or a port alone for this machine";
    let invalid = |flag: &str, value: &str, reason: &str| {
        format!("error: invalid value '{value}' for '{flag}': {reason}")
    };
    let table: [(&[&str], String); 9] = [
        (&[], "error: the following required arguments were not provided:".to_owned()),
        (
            &["--store", "sqlite:a"],
            invalid(
                "--store <memory:|redb:PATH>",
                "sqlite:a",
                "give `memory:` or `redb:PATH`, such as `redb:./app.kv`",
            ),
        ),
        (&["--listen", "nowhere"], invalid("--listen <HOST:PORT|PORT>", "nowhere", LISTEN)),
        (
            &["--listen", ":8788"],
            invalid(
                "--listen <HOST:PORT|PORT>",
                ":8788",
                "host is missing: give `0.0.0.0` for every interface, or a port alone for this machine",
            ),
        ),
        (
            &["--metrics-listen", "localhost"],
            invalid("--metrics-listen <HOST:PORT|PORT>", "localhost", LISTEN),
        ),
        (
            &["--min-body-rate", "slow"],
            invalid("--min-body-rate <BYTES>", "slow", "invalid digit found in string"),
        ),
        (&["--max-connections", "-1"], "error: unexpected argument '-1' found".to_owned()),
        (
            &["--grace-period", "1.5"],
            invalid("--grace-period <SECONDS>", "1.5", "invalid digit found in string"),
        ),
        (
            &["--token", "hunter2", "--token-file", "b"],
            "error: the argument '--token <TOKEN>' cannot be used with '--token-file <PATH>'".to_owned(),
        ),
    ];
    for (arguments, first_line) in table {
        let store: &[&str] = if arguments.first().is_some_and(|flag| *flag != "--store") {
            &["--store", "memory:"]
        } else {
            &[]
        };
        let (code, stderr) = run(&[store, arguments].concat());
        assert_eq!((code, stderr.lines().next()), (Some(2), Some(&*first_line)), "{arguments:?}");
        assert!(!stderr.contains("hunter2"), "{stderr}");
    }
}

#[test]
fn a_value_that_cannot_work_is_one_line() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("missing");
    let missing = missing.to_str().unwrap();
    let no_file = format!("cannot read the token file {missing}: No such file or directory (os error 2)");
    let table: [(&[&str], &str); 11] = [
        (&["--account-id", "me"], "account id is malformed: 2 characters (needs 32 hexadecimal digits)"),
        (
            &["--allow-host", "dev.test:80"],
            "allowed host is malformed: \"dev.test:80\" (give a name or an address, without scheme or port)",
        ),
        (&["--max-concurrent-requests", "0"], "max_concurrent_requests is too small: 0 (min 1)"),
        (&["--max-concurrent-uploads", "0"], "max_concurrent_uploads is too small: 0 (min 1)"),
        (&["--max-connections", "0"], "max_connections is too small: 0 (min 1)"),
        (&["--max-memory", "95"], "max_memory is too small: 99614720 bytes (min 100663296)"),
        (&["--token", ""], "token is empty: set one, or leave the token out"),
        (&["--token", "hunter 2"], "token is malformed: it needs visible ASCII characters without spaces"),
        (&["--token-file", missing], &no_file),
        (
            &["--listen", "0.0.0.0:8788"],
            "cannot listen on 0.0.0.0:8788 without a token: set one, or listen on a loopback address",
        ),
        (
            &["--log", "kv_server=loud"],
            "log filter is malformed: give a level, such as `debug`, or TARGET=LEVEL, such as `kv_server=debug`",
        ),
    ];
    for (arguments, message) in table {
        let (code, stderr) = run(&[&["--store", "memory:"], arguments].concat());
        assert_eq!((code, &*stderr), (Some(1), &*format!("kv-server: {message}\n")), "{arguments:?}");
    }
}

#[test]
fn a_store_that_cannot_be_opened_is_one_line() {
    let folder = tempfile::tempdir().unwrap();
    let no_store = folder.path().join("notes.txt");
    std::fs::write(&no_store, "not a store, but somebody's notes").unwrap();
    for path in [no_store.as_path(), folder.path()] {
        let (code, stderr) = run(&["--store", &format!("redb:{}", path.display())]);
        assert_eq!((code, stderr.lines().count()), (Some(1), 1), "{stderr}");
        let rest = stderr.strip_prefix("kv-server: cannot open the store: ").unwrap();
        assert!(rest.contains(path.to_str().unwrap()), "{rest}");
    }
}
