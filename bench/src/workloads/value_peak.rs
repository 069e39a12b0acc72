//! Peak of allocations, in client and server together, for a put or a get of 25 MiB.

use std::{env, process::Command};

use anyhow::{Result, ensure};
use clap::{Parser, ValueEnum};
use kv_core::{KvNamespaceExt, Metadata, PutOptions, limits::MAX_VALUE_BYTES};
use peak_alloc::PeakAlloc;
use serde_json::json;

use crate::{
    harness::{
        context::runtime,
        data::{Noise, check},
        store::Store,
    },
    stores::{
        cloudflare_crate::{self, CloudflareCrate},
        kv_cloudflare::{self, KvCloudflare},
    },
    workloads::group::{Comparison, Group, Subject, Target, Unit},
};

const KEY: &str = "large";
const METADATA: &str = r#"{"type":"video"}"#;

pub(crate) fn groups() -> Vec<Group> {
    let group = |workload: &str, operation: Operation| {
        let row = Comparison::new(workload, Unit::cost("MiB"), kv_cloudflare::NAME, cloudflare_crate::NAME)
            .targets([Target::AtMost(80.0)]);
        Group::new([Client::Ours, Client::Peer].map(|client| subject(client, operation)), [row]).steady()
    };
    vec![
        group("allocated for a get of 25 MiB", Operation::Get),
        group("allocated for a put of 25 MiB", Operation::Put),
        group("allocated for a put of 25 MiB with metadata", Operation::PutWithMetadata),
    ]
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Client {
    Ours,
    Peer,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Operation {
    Get,
    Put,
    PutWithMetadata,
}

/// Client and operation, as arguments of the program `value-peak`.
#[derive(Debug, Parser)]
struct Task {
    client: Client,
    operation: Operation,
}

/// Returns a subject that measures in a separate program: a counting allocator would slow the other
/// workloads.
fn subject(client: Client, operation: Operation) -> Subject {
    let name = match client {
        Client::Ours => kv_cloudflare::NAME,
        Client::Peer => cloudflare_crate::NAME,
    };
    Subject::new(name, move |_| {
        Ok(Box::new(move || {
            let output = command(client, operation).output()?;
            ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            let bytes: u32 = String::from_utf8(output.stdout)?.trim().parse()?;
            Ok(vec![f64::from(bytes) / f64::from(1024 * 1024)])
        }))
    })
}

fn command(client: Client, operation: Operation) -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
    command.args(["run", "--quiet", "--release", "--manifest-path", manifest, "--bin", "value-peak", "--"]);
    let names = [client.to_possible_value(), operation.to_possible_value()];
    command.args(names.iter().flatten().map(clap::builder::PossibleValue::get_name));
    command
}

/// Runs the operation that the command line names, and prints the peak of allocated bytes above those
/// allocated before.
///
/// # Errors
///
/// If the operation fails, or if its value is wrong.
pub fn print_peak(allocator: &PeakAlloc) -> Result<()> {
    let Task { client, operation } = Task::parse();
    let value = Noise::new(MAX_VALUE_BYTES).value(0, 0, MAX_VALUE_BYTES);
    let peak = runtime()?.block_on(async {
        match client {
            Client::Ours => {
                let store = KvCloudflare::open().await?;
                match operation {
                    Operation::Get => peak_of_get(allocator, &store, value).await,
                    Operation::Put => peak(allocator, store.put(KEY, value)).await,
                    Operation::PutWithMetadata => {
                        let options = PutOptions::default().with_metadata(Metadata::parse(METADATA)?);
                        let put = async { Ok(store.namespace.put_with(KEY, value, options).await?) };
                        peak(allocator, put).await
                    }
                }
            }
            Client::Peer => {
                let store = CloudflareCrate::open().await?;
                match operation {
                    Operation::Get => peak_of_get(allocator, &store, value).await,
                    Operation::Put => peak(allocator, store.put(KEY, value)).await,
                    Operation::PutWithMetadata => {
                        let metadata = json!({ "type": "video" });
                        peak(allocator, store.put_with_metadata(KEY, value.into(), metadata)).await
                    }
                }
            }
        }
    })?;
    println!("{peak}");
    Ok(())
}

async fn peak_of_get<S: Store>(allocator: &PeakAlloc, store: &S, value: bytes::Bytes) -> Result<usize> {
    store.put(KEY, value).await?;
    peak(allocator, async { check(store.get(KEY).await?, 0, MAX_VALUE_BYTES).map(drop) }).await
}

async fn peak(allocator: &PeakAlloc, work: impl Future<Output = Result<()>>) -> Result<usize> {
    let before = allocator.current_usage();
    allocator.reset_peak_usage();
    work.await?;
    Ok(allocator.peak_usage().saturating_sub(before))
}
