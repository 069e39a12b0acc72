//! Tour of the service through HTTP, step by step.

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

/// Loopback address with port 0, which takes a free port.
pub(crate) const LOOPBACK: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

/// Runs the tour, up to the first unexpected response.
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
    let laptop = Browser::new("Ada's laptop")?;
    let phone = Browser::new("Ada's phone")?;
    let other = Browser::new("Grace's tablet")?;

    say("No user is logged in yet, and an empty name is rejected.");
    laptop.get(&server, "/me", StatusCode::UNAUTHORIZED).await?;
    let no_name = json!({ "user": "" });
    laptop.post(&server, "/login", Some(no_name), StatusCode::BAD_REQUEST).await?;

    say("Ada logs in. From now on the cookie identifies her.");
    let laptop_id = laptop.log_in(&server, "ada").await?;
    let me = laptop.get(&server, "/me", StatusCode::OK).await?.body;
    check(me.get("user") == Some(&json!("ada")), "the session is not ada's")?;

    say("Ada logs in on a second device, and Grace on hers. Ada lists her sessions, which reads no values.");
    phone.log_in(&server, "ada").await?;
    other.log_in(&server, "grace").await?;
    let own = laptop.get(&server, "/sessions", StatusCode::OK).await?.body;
    check(current(&own).count() == 2, "the listing does not have exactly ada's two sessions")?;
    check(
        current(&own).filter(|current| *current).count() == 1,
        "the listing does not mark exactly one session as current",
    )?;
    check(!own.to_string().contains(&laptop_id.secret()), "the listing shows a session's id")?;

    say("The service restarts.");
    server.stop().await?;
    let store = restart(store, &location).await?;
    let server = start(&store).await?;

    say("Ada is still logged in.");
    let still_me = laptop.get(&server, "/me", StatusCode::OK).await?.body;
    check(
        still_me.get("created_at") == me.get("created_at"),
        "the session is another one after the restart",
    )?;

    say("Ada logs out on the laptop. Its cookie is no longer valid; the phone stays logged in.");
    laptop.log_out(&server).await?;
    laptop.get(&server, "/me", StatusCode::UNAUTHORIZED).await?;
    Browser::with_copy_of(laptop_id)?.get(&server, "/me", StatusCode::UNAUTHORIZED).await?;
    phone.get(&server, "/me", StatusCode::OK).await?;

    race::show(&server, &store.sessions()?).await?;

    say("The service stops, and the store is closed.");
    server.stop().await?;
    store.close().await?;
    println!("\nEvery response was as expected.");
    Ok(())
}

async fn start(store: &Store) -> Result<Server, Failure> {
    let server = Server::start(LOOPBACK, store.sessions()?).await?;
    println!("The service listens on {}", server.url());
    Ok(server)
}

/// Does to the store what a restart of the process does.
async fn restart(store: Store, location: &Location) -> Result<Store, Failure> {
    match location {
        Location::Memory => {
            println!(
                "Memory does not survive a restart, so the store stays open and only the server is new."
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

/// Returns the flag `current` of each listed session.
fn current(own: &Value) -> impl Iterator<Item = bool> {
    let sessions = own.as_array().into_iter().flatten();
    sessions.filter_map(|session| session.get("current")?.as_bool())
}

/// Prints the next step.
pub(crate) fn say(words: &str) {
    println!("\n{words}");
}

pub(crate) fn check(holds: bool, message: &str) -> Result<(), Failure> {
    if holds { Ok(()) } else { Err(message.into()) }
}
