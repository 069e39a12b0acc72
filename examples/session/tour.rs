//! The service, driven step by step through HTTP.

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
};

use kv_core::SystemClock;
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::{
    Failure,
    arguments::Backend,
    browser::Browser,
    race,
    server::Server,
    store::{Location, Store},
};

/// A port that is free.
pub(crate) const LOOPBACK: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

/// Runs the tour. The first answer that is not as it should be ends it.
pub(crate) async fn run(backend: Backend) -> Result<(), Failure> {
    let folder = tempfile::tempdir()?;
    let location = match backend {
        Backend::Memory => Location::Memory,
        Backend::Redb => Location::File(folder.path().join("sessions.redb")),
    };
    match &location {
        Location::Memory => println!("The sessions are in this process's memory."),
        Location::File(path) => println!("The sessions are in a redb file, {}.", path.display()),
    }
    let store = Store::open(&location, Arc::new(SystemClock)).await?;
    let server = start(&store).await?;
    let (laptop, phone, other) =
        (Browser::new("Ada's laptop")?, Browser::new("Ada's phone")?, Browser::new("Grace's tablet")?);

    say("Nobody is logged in yet, and not every name can log in.");
    laptop.get(&server, "/me", StatusCode::UNAUTHORIZED).await?;
    let nobody = json!({ "user": "" });
    laptop.post(&server, "/login", Some(nobody), StatusCode::BAD_REQUEST).await?;

    say("Ada logs in, and the cookie says who she is.");
    let laptop_id = laptop.log_in(&server, "ada").await?;
    let me = laptop.get(&server, "/me", StatusCode::OK).await?.body;
    check(me.get("user") == Some(&json!("ada")), "this is not ada")?;

    say("Ada logs in on a second device, Grace on hers. Ada lists her sessions: no value is read for that.");
    phone.log_in(&server, "ada").await?;
    other.log_in(&server, "grace").await?;
    let own = laptop.get(&server, "/sessions", StatusCode::OK).await?.body;
    check(current(&own).count() == 2, "ada has two sessions, and grace's is not hers")?;
    check(current(&own).filter(|current| *current).count() == 1, "one session is the one that asks")?;
    check(!own.to_string().contains(&laptop_id.secret()), "a listing must not show a session's id")?;

    say("The service restarts.");
    server.stop().await?;
    let store = restart(store, &location).await?;
    let server = start(&store).await?;

    say("Ada is still logged in.");
    let still_me = laptop.get(&server, "/me", StatusCode::OK).await?.body;
    check(still_me.get("created_at") == me.get("created_at"), "this is another session")?;

    say("Ada logs out on the laptop: the cookie is worth nothing any more, and the phone stays logged in.");
    laptop.log_out(&server).await?;
    laptop.get(&server, "/me", StatusCode::UNAUTHORIZED).await?;
    Browser::with_copy_of(laptop_id)?.get(&server, "/me", StatusCode::UNAUTHORIZED).await?;
    phone.get(&server, "/me", StatusCode::OK).await?;

    race::show(&server, &store.sessions()?).await?;

    say("The service stops, and the store is closed.");
    server.stop().await?;
    store.close().await?;
    println!("\nEvery answer was as it should be.");
    Ok(())
}

async fn start(store: &Store) -> Result<Server, Failure> {
    let server = Server::start(LOOPBACK, store.sessions()?).await?;
    println!("The service listens on {}", server.url());
    Ok(server)
}

/// What a restart of the process does to the store.
async fn restart(store: Store, location: &Location) -> Result<Store, Failure> {
    match location {
        Location::Memory => {
            println!(
                "Memory does not survive a new process, so the store stays open: only the server is new."
            );
            Ok(store)
        }
        Location::File(_) => {
            store.close().await?;
            println!("The server is stopped and the store is closed. Now the file is opened again.");
            Ok(Store::open(location, Arc::new(SystemClock)).await?)
        }
    }
}

/// Of each listed session, whether it is the one that asked.
fn current(own: &Value) -> impl Iterator<Item = bool> {
    let sessions = own.as_array().into_iter().flatten();
    sessions.filter_map(|session| session.get("current")?.as_bool())
}

/// Says what happens next.
pub(crate) fn say(words: &str) {
    println!("\n{words}");
}

pub(crate) fn check(holds: bool, otherwise: &str) -> Result<(), Failure> {
    if holds { Ok(()) } else { Err(otherwise.into()) }
}
