//! Adapter of `OpenDAL`'s service for Workers KV: reads operations from stdin and writes their outcomes to
//! stdout, each as a line of JSON.

mod client;
mod loopback;

use std::io::{BufRead, Write};

use serde::Deserialize;
use serde_json::{Value, json};

use client::{Client, Given};

/// A line of stdin.
#[derive(Deserialize)]
struct Request {
    operation: String,
    #[serde(flatten)]
    given: Given,
}

fn main() -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut client = Client::default();
    let mut outcomes = std::io::stdout();
    for line in std::io::stdin().lock().lines() {
        let Request { operation, given } = serde_json::from_str(&line?)?;
        let outcome = match runtime.block_on(client.run(&operation, given)) {
            Ok(value) => json!({ "value": value }),
            Err(error) => json!({ "error": reported(&error) }),
        };
        writeln!(outcomes, "{outcome}")?;
        outcomes.flush()?;
    }
    Ok(())
}

/// Returns the kind of an error, and the API's code from its text.
fn reported(error: &anyhow::Error) -> Value {
    let Some(error) = error.downcast_ref::<opendal::Error>() else {
        return json!({ "class": "adapter", "message": format!("{error:#}") });
    };
    let message = error.to_string();
    match code_in(&message) {
        Some(code) => json!({ "class": error.kind().to_string(), "code": code, "message": message }),
        None => json!({ "class": error.kind().to_string(), "message": message }),
    }
}

fn code_in(message: &str) -> Option<u32> {
    let (_, rest) = message.split_once("code: ")?;
    let digits = rest.find(|digit: char| !digit.is_ascii_digit()).map_or(rest, |end| rest.split_at(end).0);
    digits.parse().ok()
}
