//! Tests of the service over HTTP, on every backend and on a manual clock.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod logged_out_midway;

use std::{sync::Arc, time::Duration};

use kv_core::AtomicKv;
use kv_testkit::ManualClock;
use reqwest::StatusCode;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{
    arguments::Backend,
    browser::Browser,
    server::Server,
    sessions::{Sessions, TTL},
    store::{Location, Store},
    tests::logged_out_midway::LoggedOutMidway,
    tour::{self, LOOPBACK},
};

const SECOND: Duration = Duration::from_secs(1);
const ALMOST: Duration = Duration::from_secs(TTL.as_secs() - 1);

/// A running service, one per test.
struct Service {
    server: Server,
    store: Store,
    clock: ManualClock,
    _folder: TempDir,
}

impl Service {
    async fn start(backend: Backend) -> Self {
        Self::start_on(backend, |namespace| namespace).await
    }

    /// Starts a service on the backend's namespace, wrapped by `wrap`.
    async fn start_on(backend: Backend, wrap: impl FnOnce(Arc<dyn AtomicKv>) -> Arc<dyn AtomicKv>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = ManualClock::default();
        let location = match backend {
            Backend::Memory => Location::Memory,
            Backend::Redb => Location::File(folder.path().join("sessions.redb")),
        };
        let store = Store::open(&location, Arc::new(clock.clone())).await.unwrap();
        let namespace = wrap(Arc::clone(&store.namespace));
        let sessions = Sessions::new(&namespace, Arc::new(clock.clone())).unwrap();
        let server = Server::start(LOOPBACK, sessions).await.unwrap();
        Self { server, store, clock, _folder: folder }
    }

    async fn me(&self, browser: &Browser, expected: StatusCode) -> Value {
        browser.get(&self.server, "/me", expected).await.unwrap().body
    }

    async fn sessions(&self, browser: &Browser) -> Vec<Value> {
        let answer = browser.get(&self.server, "/sessions", StatusCode::OK).await;
        answer.unwrap().body.as_array().unwrap().clone()
    }
}

/// Runs each test on both backends.
macro_rules! on_both {
    ($($name:ident)*) => {
        mod memory { $(#[tokio::test(flavor = "multi_thread")] async fn $name() { super::$name(super::Backend::Memory).await; })* }
        mod redb { $(#[tokio::test(flavor = "multi_thread")] async fn $name() { super::$name(super::Backend::Redb).await; })* }
    };
}

on_both! {
    the_tour_runs_to_its_end
    a_session_ends_one_ttl_after_its_last_use
    a_renewal_keeps_what_the_listing_shows
    a_renewal_brings_no_session_back
    a_malformed_cookie_never_reaches_the_store
    an_invalid_login_is_rejected
}

async fn the_tour_runs_to_its_end(backend: Backend) {
    tour::run(backend).await.unwrap();
}

async fn a_session_ends_one_ttl_after_its_last_use(backend: Backend) {
    let service = Service::start(backend).await;
    let browser = Browser::new("browser").unwrap();
    let id = browser.log_in(&service.server, "ada").await.unwrap();
    let copy = Browser::with_copy_of(id).unwrap();
    let began = service.me(&copy, StatusCode::OK).await;

    for _ in 0..3 {
        service.clock.advance(ALMOST);
        let me = service.me(&copy, StatusCode::OK).await;
        assert_eq!(me["created_at"], began["created_at"]);
    }
    let renewed = service.me(&copy, StatusCode::OK).await["renewed_at"].as_u64().unwrap();
    let since_login = renewed - began["renewed_at"].as_u64().unwrap();
    assert_eq!(since_login, 3 * ALMOST.as_secs());

    service.clock.advance(TTL);
    service.me(&copy, StatusCode::UNAUTHORIZED).await;
}

async fn a_renewal_keeps_what_the_listing_shows(backend: Backend) {
    let service = Service::start(backend).await;
    let [laptop, phone, other] = ["laptop", "phone", "other"].map(|name| Browser::new(name).unwrap());
    let mut ids = Vec::new();
    for (browser, user) in [(&laptop, "ada"), (&phone, "ada"), (&other, "grace")] {
        ids.push(browser.log_in(&service.server, user).await.unwrap());
        service.clock.advance(SECOND);
    }

    let before = service.sessions(&laptop).await;
    assert_eq!(before.len(), 2);
    assert_eq!((&before[0]["current"], &before[1]["current"]), (&json!(true), &json!(false)));
    assert_ne!(before[0]["label"], before[1]["label"]);
    for id in ids {
        assert!(!json!(before).to_string().contains(&id.secret()));
    }

    // Half a life later only the laptop is used; at the phone's end, that one is gone alone.
    service.clock.advance(TTL / 2);
    let half = service.sessions(&laptop).await;
    assert_eq!(half[0]["label"], before[0]["label"]);
    assert!(half[0]["expires_at"].as_u64() > before[0]["expires_at"].as_u64());
    assert_eq!(half[1], before[1]);
    service.clock.advance(TTL / 2);
    let after = service.sessions(&laptop).await;
    assert_eq!(after.iter().map(|own| &own["label"]).collect::<Vec<_>>(), [&before[0]["label"]]);
}

async fn a_renewal_brings_no_session_back(backend: Backend) {
    let service = Service::start_on(backend, |namespace| Arc::new(LoggedOutMidway::new(namespace))).await;
    let browser = Browser::new("browser").unwrap();
    browser.log_in(&service.server, "ada").await.unwrap();
    for _ in 0..2 {
        service.me(&browser, StatusCode::UNAUTHORIZED).await;
    }
}

async fn a_malformed_cookie_never_reaches_the_store(backend: Backend) {
    let service = Service::start(backend).await;
    service.store.close().await.unwrap();

    let unknown = format!("session={}", "0".repeat(32));
    let well_formed = Browser::with_fixed_cookie("unknown", &unknown).unwrap();
    service.me(&well_formed, StatusCode::INTERNAL_SERVER_ERROR).await;
    for cookie in ["session=", "session=..", "theme=dark", &unknown.to_uppercase()] {
        let malformed = Browser::with_fixed_cookie("malformed", cookie).unwrap();
        for path in ["/me", "/sessions"] {
            let answer = malformed.get(&service.server, path, StatusCode::UNAUTHORIZED).await;
            answer.unwrap();
        }
        let answer = malformed.post(&service.server, "/logout", None, StatusCode::UNAUTHORIZED).await;
        answer.unwrap();
    }
}

async fn an_invalid_login_is_rejected(backend: Backend) {
    let service = Service::start(backend).await;
    let browser = Browser::new("browser").unwrap();
    for body in [
        json!({ "user": "" }),
        json!({ "user": "x".repeat(65) }),
        json!({ "user": "a\nb" }),
        json!({ "user": 7 }),
        json!({ "name": "ada" }),
        json!("ada"),
    ] {
        let answer = browser.post(&service.server, "/login", Some(body), StatusCode::BAD_REQUEST).await;
        let answer = answer.unwrap();
        assert!(answer.set_cookie.is_none());
        assert!(answer.body["error"].is_string());
    }
    let no_body = browser.post(&service.server, "/login", None, StatusCode::UNSUPPORTED_MEDIA_TYPE).await;
    no_body.unwrap();

    // The longest name, of the characters that take most room, fits into the metadata.
    let longest = "\"\\".repeat(32);
    browser.log_in(&service.server, &longest).await.unwrap();
    assert_eq!(service.me(&browser, StatusCode::OK).await["user"], json!(longest));
    assert_eq!(service.sessions(&browser).await.len(), 1);
}
