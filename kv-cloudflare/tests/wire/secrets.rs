//! Secrets, which no `Debug` and no error may show.

use kv_cloudflare::{CloudflareAccount, CloudflareNamespace};
use kv_core::{ErrorKind, GetOptions, Key, KvNamespace};

use crate::scripted_server::{ACCOUNT, NAMESPACE, Reaction, ScriptedServer, TOKEN};

#[test]
fn no_debug_shows_the_token() {
    let namespace =
        CloudflareNamespace::builder().account_id(ACCOUNT).namespace_id(NAMESPACE).api_token(TOKEN);
    let account = CloudflareAccount::builder().account_id(ACCOUNT).api_token(TOKEN);
    let shown = [
        format!("{namespace:?} {namespace:#?}"),
        format!("{account:?} {account:#?}"),
        format!("{:?}", namespace.build().unwrap()),
        format!("{:?}", account.build().unwrap()),
    ];
    for shown in shown {
        assert!(!shown.contains(TOKEN), "{shown}");
    }
}

#[test]
fn no_debug_shows_the_global_key_or_its_address() {
    let account = CloudflareAccount::builder().account_id(ACCOUNT).global_api_key("me@b.example", TOKEN);
    for shown in [format!("{account:?} {account:#?}"), format!("{:?}", account.build().unwrap())] {
        assert!(!shown.contains(TOKEN) && !shown.contains("me@b.example"), "{shown}");
    }
}

/// The service's own message may repeat the key.
#[tokio::test]
async fn no_error_shows_the_global_key() {
    let server =
        ScriptedServer::in_order(vec![Reaction::error(400, 9_103, &format!("no such key: {TOKEN}"))]).await;
    let client = server.builder().global_api_key("me@b.example", TOKEN).build().unwrap();
    let error = client.read(Key::from_static("sessions"), GetOptions::default()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthorized);
    assert!(!format!("{error} {error:?}").contains(TOKEN), "{error}");
}

#[test]
fn no_error_of_a_builder_repeats_a_setting() {
    let build = |token: &str, base_url: &str, account_id: &str| {
        let builder = CloudflareAccount::builder().api_token(token).base_url(base_url).account_id(account_id);
        let error = builder.build().unwrap_err();
        format!("{error} {error:?}")
    };
    let base = "https://api.cloudflare.com/client/v4";
    for shown in [
        build("secret\ntoken", base, ACCOUNT),
        build("secret", "http://secret@127.0.0.1/client/v4", ACCOUNT),
        build("secret", "https://api.cloudflare.com/?secret", ACCOUNT),
        build("secret", base, "secret"),
    ] {
        assert!(!shown.contains("secret"), "{shown}");
    }
}
