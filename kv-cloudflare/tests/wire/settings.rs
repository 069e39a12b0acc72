//! Settings of clients, and the messages of their builders.

use std::{env, num::NonZeroU32, process::Command, time::Duration};

use kv_cloudflare::{Budget, CloudflareAccount, CloudflareAccountBuilder, CloudflareNamespace};
use kv_core::{ErrorKind, GetOptions, Key, KvNamespace};
use tokio::task::spawn_blocking;

use crate::scripted_server::{ACCOUNT, NAMESPACE, Reaction, ScriptedServer, TOKEN};

type Change = fn(CloudflareAccountBuilder) -> CloudflareAccountBuilder;

const MALFORMED_TOKEN: &str =
    "`api_token` is malformed: give one line of visible characters, without spaces around it";
const MALFORMED_KEY: &str = "`global_api_key` is malformed: give an e-mail address and a key of one line of visible \
                             characters each, without spaces around them";
const NOT_A_URL: &str = "`base_url` is not a URL: give one that ends in `/client/v4`";
const QUERY: &str = "`base_url` holds a query or a fragment: end it with `/client/v4`";
const PASSWORD: &str =
    "`base_url` holds a user name or a password: remove it, since only the API token or key is sent";
const PLAIN_HTTP: &str = "`base_url` is plain http to a host that is not loopback, where others can read the token: use \
                          https, or call `allow_plain_http`";

/// Messages of both builders' shared setters. The messages of the environment's half of a key are in
/// `from_env`.
#[test]
fn each_malformed_setting_has_its_message() {
    let rows: [(Change, &str); 19] = [
        (
            |builder| builder.account_id(""),
            "`account_id` is malformed: 0 characters (needs 32 hexadecimal digits)",
        ),
        (
            |builder| builder.account_id("0123456789abcdef0123456789abcdeg"),
            "`account_id` is malformed: 32 characters (needs 32 hexadecimal digits)",
        ),
        (
            |builder| builder.account_id("../../../../../../../../../../.."),
            "`account_id` is malformed: 32 characters (needs 32 hexadecimal digits)",
        ),
        (|builder| builder.api_token(""), MALFORMED_TOKEN),
        (|builder| builder.api_token("a\r\nb"), MALFORMED_TOKEN),
        (|builder| builder.api_token(" a"), MALFORMED_TOKEN),
        (|builder| builder.global_api_key("", "k"), MALFORMED_KEY),
        (|builder| builder.global_api_key("a@b", "k\n"), MALFORMED_KEY),
        (|builder| builder.base_url(""), NOT_A_URL),
        (|builder| builder.base_url("/client/v4"), NOT_A_URL),
        (
            |builder| builder.base_url("ftp://host/client/v4"),
            "`base_url` is neither https nor http: use https",
        ),
        (|builder| builder.base_url("https://u:p@host/client/v4"), PASSWORD),
        (|builder| builder.base_url("https://host/client/v4?a"), QUERY),
        (|builder| builder.base_url("https://host/client/v4#a"), QUERY),
        (|builder| builder.base_url("http://api.cloudflare.com/client/v4"), PLAIN_HTTP),
        (|builder| builder.base_url("http://127.0.0.1.example.com/client/v4"), PLAIN_HTTP),
        (|builder| builder.base_url("http://10.0.0.1/client/v4"), PLAIN_HTTP),
        (|builder| builder.bulk_size(0), "`bulk_size` is too small: 0 items (min 1)"),
        (|builder| builder.bulk_size(10_001), "`bulk_size` is too large: 10001 items (max 10000)"),
    ];
    for (change, message) in rows {
        let builder = CloudflareAccount::builder().account_id(ACCOUNT).api_token(TOKEN);
        let error = change(builder).build().unwrap_err();
        assert_eq!((error.kind(), error.to_string().as_str()), (ErrorKind::InvalidInput, message));
    }
}

#[test]
fn each_missing_setting_has_its_message() {
    const NO_ACCOUNT: &str =
        "no account id is set: call `account_id`, or set CLOUDFLARE_ACCOUNT_ID and use `from_env`";
    const NO_TOKEN: &str =
        "no API token is set: call `api_token`, or set CLOUDFLARE_API_TOKEN and use `from_env`";
    let account = CloudflareAccount::builder;
    let namespace = || CloudflareNamespace::builder().namespace_id(NAMESPACE);
    let without_namespace = CloudflareNamespace::builder().account_id(ACCOUNT).api_token(TOKEN);
    let long = without_namespace.clone().namespace_id("x".repeat(33));
    let rows = [
        (account().api_token(TOKEN).build().map(drop), NO_ACCOUNT),
        (account().account_id(ACCOUNT).build().map(drop), NO_TOKEN),
        (namespace().api_token(TOKEN).build().map(drop), NO_ACCOUNT),
        (namespace().account_id(ACCOUNT).build().map(drop), NO_TOKEN),
        (without_namespace.build().map(drop), "no namespace id is set: call `namespace_id`"),
    ];
    for (outcome, message) in rows {
        let error = outcome.unwrap_err();
        assert_eq!((error.kind(), error.to_string().as_str()), (ErrorKind::InvalidInput, message));
    }
    // A limit of the contract, whose message is kv-core's.
    assert!(long.build().unwrap_err().as_invalid_input().is_some());
}

#[test]
fn a_malformed_user_agent_has_its_message() {
    let builder = CloudflareAccount::builder().account_id(ACCOUNT).api_token(TOKEN).user_agent("a\nb");
    let error = builder.build().unwrap_err();
    let message = "cannot set up the HTTP client: see the cause, and check `user_agent`";
    assert_eq!((error.kind(), error.to_string().as_str()), (ErrorKind::Other, message));
}

#[test]
fn a_token_is_sent_over_https_or_to_loopback_or_where_allowed() {
    for base_url in [
        "https://api.cloudflare.com/client/v4/",
        "http://127.0.0.1:8788/client/v4",
        "http://[::1]:8788/client/v4",
        "http://localhost/client/v4",
    ] {
        let builder = CloudflareAccount::builder().account_id(ACCOUNT).api_token(TOKEN).base_url(base_url);
        assert!(builder.build().is_ok(), "{base_url}");
    }
    let builder = CloudflareAccount::builder().account_id(ACCOUNT).api_token(TOKEN).allow_plain_http(true);
    assert!(builder.base_url("http://kv.internal/client/v4").build().is_ok());
}

/// Times that no clock can add, and numbers that no program needs, are as good as none.
#[tokio::test]
async fn extreme_settings_do_no_harm() {
    let server = ScriptedServer::in_order(vec![Reaction::result(serde_json::json!(null))]).await;
    for (time, number) in [(Duration::MAX, u32::MAX), (Duration::MAX, 1), (Duration::from_nanos(1), u32::MAX)]
    {
        let number = NonZeroU32::new(number).unwrap();
        let budget = Budget::cloudflare().with_requests(number, time).with_write_interval(time);
        let builder = server.builder().budget(budget).retries(usize::MAX).concurrency(usize::MAX);
        let builder =
            builder.connect_timeout(Duration::MAX).read_timeout(Duration::MAX).total_timeout(Duration::MAX);
        let client = builder.idle_timeout(Duration::MAX).build().unwrap();
        client.remove(Key::from_static("k")).await.unwrap();
        assert_eq!(client.usage().sent, 1);
    }
}

/// Sets the environment in a child process that runs this test again, since it belongs to the whole process.
/// A loopback address is reached without the proxy.
#[tokio::test]
async fn the_environment_reaches_the_wire() {
    const CHILD: &str = "KV_CLOUDFLARE_TEST_CHILD";
    if env::var_os(CHILD).is_some() {
        let client = CloudflareNamespace::from_env().namespace_id(NAMESPACE).build().unwrap();
        client.read(Key::from_static("k"), GetOptions::default()).await.unwrap();
        let account = CloudflareAccount::from_env().build().unwrap();
        account.open(client.id()).read(Key::from_static("k"), GetOptions::default()).await.unwrap();
        return;
    }
    let bearer = format!("Bearer {TOKEN}");
    let email = ("CLOUDFLARE_EMAIL", "a@b.example");
    let key = ("CLOUDFLARE_API_KEY", "key");
    let rows = [
        (
            vec![("CLOUDFLARE_API_TOKEN", TOKEN), key],
            "CLOUDFLARE_API_BASE_URL",
            [Some(bearer.as_str()), None, None],
        ),
        (vec![email, key], "CLOUDFLARE_BASE_URL", [None, Some("a@b.example"), Some("key")]),
    ];
    for (variables, base_url, headers) in rows {
        let server = ScriptedServer::in_order(vec![Reaction::value("v")]).await;
        let mut child = Command::new(env::current_exe().unwrap());
        // What the environment of this process may have.
        for name in ["API_TOKEN", "EMAIL", "API_KEY", "API_BASE_URL", "BASE_URL"] {
            child.env_remove(format!("CLOUDFLARE_{name}"));
        }
        child
            .args(["--exact", "settings::the_environment_reaches_the_wire"])
            .env(CHILD, "")
            .envs(variables)
            .env("CLOUDFLARE_ACCOUNT_ID", ACCOUNT)
            .env(base_url, server.base_url())
            .env("HTTP_PROXY", "http://127.0.0.1:9");
        let output = spawn_blocking(move || child.output().unwrap()).await.unwrap();
        assert!(output.status.success(), "{output:?}");
        assert_eq!(server.request_lines(), ["GET /values/k"; 2]);
        for request in server.requests() {
            let sent = ["authorization", "x-auth-email", "x-auth-key"].map(|name| request.header(name));
            assert_eq!(sent, headers);
        }
    }
}

/// Of a token and a key, the one that is set last is sent.
#[tokio::test]
async fn the_credentials_set_last_are_sent() {
    let key = |builder: CloudflareAccountBuilder| builder.global_api_key("a@b.example", "key");
    let token = |builder: CloudflareAccountBuilder| builder.api_token(TOKEN);
    for (change, is_key) in [
        (Box::new(move |builder| key(token(builder))) as Box<dyn Fn(_) -> _>, true),
        (Box::new(move |builder| token(key(builder))), false),
    ] {
        let server = ScriptedServer::in_order(vec![Reaction::value("v")]).await;
        let builder = CloudflareAccount::builder().account_id(ACCOUNT).base_url(server.base_url());
        let account: CloudflareAccount = change(builder).build().unwrap();
        let namespace = account.open(&kv_core::NamespaceId::new(NAMESPACE).unwrap());
        namespace.read(Key::from_static("k"), GetOptions::default()).await.unwrap();
        let request = &server.requests()[0];
        assert_eq!(request.header("x-auth-key").is_some(), is_key);
        assert_eq!(request.header("authorization").is_none(), is_key);
    }
}

#[tokio::test]
async fn settings_reach_the_wire() {
    let server = ScriptedServer::in_order(vec![Reaction::value("v")]).await;
    let builder = CloudflareNamespace::builder().account_id(ACCOUNT.to_uppercase()).api_token("other");
    let client = builder
        .namespace_id(NAMESPACE)
        .base_url(server.base_url() + "/")
        .user_agent("mine/1")
        .build()
        .unwrap();
    client.read(Key::from_static("k"), GetOptions::default()).await.unwrap();
    let request = &server.requests()[0];
    let account = ACCOUNT.to_uppercase();
    assert_eq!(
        request.target,
        format!("/client/v4/accounts/{account}/storage/kv/namespaces/{NAMESPACE}/values/k")
    );
    assert_eq!(request.header("user-agent"), Some("mine/1"));
    assert_eq!(request.header("authorization"), Some("Bearer other"));
}

#[tokio::test]
async fn connections_are_kept_and_reused() {
    for (idle, connections) in [(usize::MAX, 1), (0, 5)] {
        let server = ScriptedServer::in_order(vec![Reaction::value("v")]).await;
        let client = server.builder().max_idle_connections(idle).build().unwrap();
        for _ in 0..5 {
            client.read(Key::from_static("k"), GetOptions::default()).await.unwrap();
        }
        assert_eq!(server.connections(), connections);
    }
}
