//! Race of a renewal against a logout, which `update` handles.
//!
//! A renewal reads a session and writes it back with a new expiry. If the user logs out between the two, the
//! write must not bring the session back. Both ways are shown here, with the logout exactly in between.

use kv_core::{Expiration, PutOptions};
use reqwest::StatusCode;
use tokio::{runtime::Handle, task::block_in_place};

use crate::{
    Failure,
    browser::Browser,
    server::Server,
    sessions::{Sessions, TTL},
    tour::{check, say},
};

pub(crate) async fn show(server: &Server, sessions: &Sessions) -> Result<(), Failure> {
    get_then_put(server, sessions).await?;
    update(server, sessions).await
}

/// Shows the trap, a get followed by a put, which brings the session back.
async fn get_then_put(server: &Server, sessions: &Sessions) -> Result<(), Failure> {
    say("The wrong renewal: get the session, and put it back. The user logs out in between.");
    let browser = Browser::new("the user")?;
    let id = browser.log_in(server, "ada").await?;

    let found = sessions.records().get_with_metadata(id.secret()).await?;
    let found = found.ok_or("the session is missing right after the login")?;
    println!("  the renewal has read the session");
    browser.log_out(server).await?;
    let options = PutOptions::from(Expiration::after(TTL)?).with_metadata(found.metadata);
    sessions.records().put_with(id.secret(), &found.value, options).await?;
    println!("  the renewal has put it back");

    let copy = Browser::with_copy_of(id)?;
    copy.get(server, "/me", StatusCode::OK).await?;
    println!("  The user has logged out, but the session is back.");
    copy.log_out(server).await
}

/// Shows the `update` of the service, which finds the session gone.
async fn update(server: &Server, sessions: &Sessions) -> Result<(), Failure> {
    say("The right renewal: update the session. The user logs out between its read and its write.");
    let browser = Browser::new("the user")?;
    let id = browser.log_in(server, "ada").await?;

    let mut logout = None;
    let renewed = sessions.records().update(id.secret(), |found| {
        match (&found, &logout) {
            (Some(_), _) => println!("  the update has read the session"),
            (None, _) => println!("  the update lost the race, read again, and found no session"),
        }
        // An update calls this between its read and its write. A service only decides here; this tour waits
        // for a whole logout.
        if logout.is_none() {
            logout = Some(block_in_place(|| Handle::current().block_on(browser.log_out(server))));
        }
        Ok(sessions.renewal(found))
    });
    let renewed = renewed.await?;
    logout.ok_or("the update did not call its function")??;

    check(renewed.is_none(), "the update renewed a session that had ended")?;
    let copy = Browser::with_copy_of(id)?;
    copy.get(server, "/me", StatusCode::UNAUTHORIZED).await?;
    println!("  The user has logged out, and stays logged out.");
    Ok(())
}
