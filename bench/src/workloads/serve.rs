//! Gets of one value over HTTP: kv-server against a bare axum handler.

use std::{collections::HashMap, net::SocketAddr, sync::Arc};

use ::kv_redb::RedbStore;
use anyhow::{Result, ensure};
use axum::{
    Router,
    extract::{Path as PathParameters, State},
    http::StatusCode,
    routing,
};
use bytes::Bytes;
use kv_core::{KvNamespaceExt, KvStore, NamespaceTitle};
use kv_memory::MemoryStore;
use kv_server::KvServer;
use tokio::net::TcpListener;

use crate::{
    harness::{
        context::Context,
        load::Load,
        loopback::{ACCOUNT, TOKEN},
    },
    workloads::{
        child::Child,
        group::{Comparison, Group, Measure, Subject, Target, Unit},
    },
};

const BARE: &str = "bare axum";
const OVER_MEMORY: &str = "kv-server, memory";
const OVER_REDB: &str = "kv-server, redb";

const KEY: &str = "session:0123456789abcdef";
const VALUE_BYTES: usize = 1024;
const CONNECTIONS: usize = 64;

pub(crate) fn groups() -> Vec<Group> {
    let workload = "get 1 KiB over HTTP, 64 connections";
    let row = |subject| Comparison::new(workload, Unit::rate("gets/s"), subject, BARE);
    vec![Group::new(
        [
            Subject::new(OVER_MEMORY, |context| serve_and_measure(context, Arc::new(MemoryStore::new()))),
            Subject::new(OVER_REDB, |context| {
                let store = RedbStore::open(context.new_path("kv-redb"));
                serve_and_measure(context, Arc::new(context.runtime.block_on(store)?))
            }),
            Subject::new(BARE, |context| {
                let values = HashMap::from([(KEY.to_owned(), value(context))]);
                let path = "/client/v4/accounts/{account}/storage/kv/namespaces/{namespace}/values/{key}";
                let router = Router::new().route(path, routing::get(find)).with_state(Arc::new(values));
                let listener = listen(context)?;
                let address = listener.local_addr()?;
                context.runtime.spawn(async move { axum::serve(listener, router).await });
                Ok(measure(context, address, "0123456789abcdef0123456789abcdef"))
            }),
        ],
        [row(OVER_MEMORY).targets([Target::RatioAtLeast(0.85)]), row(OVER_REDB)],
    )]
}

fn value(context: &Context) -> Bytes {
    context.noise.value(0, 0, VALUE_BYTES)
}

fn listen(context: &Context) -> Result<TcpListener> {
    Ok(context.runtime.block_on(TcpListener::bind("127.0.0.1:0"))?)
}

type Values = Arc<HashMap<String, Bytes>>;

async fn find(
    State(values): State<Values>,
    PathParameters((_, _, key)): PathParameters<(String, String, String)>,
) -> Result<Bytes, StatusCode> {
    values.get(&key).cloned().ok_or(StatusCode::NOT_FOUND)
}

/// Puts the value into a new namespace of `store`, serves the store, and measures gets.
fn serve_and_measure(context: &Arc<Context>, store: Arc<dyn KvStore>) -> Result<Measure> {
    let info = context.runtime.block_on(async {
        let info = store.create_namespace(NamespaceTitle::new("bench")?).await?;
        store.namespace(&info.id).put(KEY, value(context)).await?;
        anyhow::Ok(info)
    })?;
    let server = KvServer::builder(store).account_id(ACCOUNT).token(TOKEN).build()?;
    let listener = listen(context)?;
    let address = listener.local_addr()?;
    context.runtime.spawn(async move { server.serve(listener, std::future::pending()).await });
    Ok(measure(context, address, info.id.as_str()))
}

/// Measures gets from a child process, so that clients take no time of the server's runtime.
fn measure(context: &Context, address: SocketAddr, namespace: &str) -> Measure {
    let load = Load {
        address,
        path: format!("/client/v4/accounts/{ACCOUNT}/storage/kv/namespaces/{namespace}/values/{KEY}"),
        token: TOKEN.to_owned(),
        body_bytes: VALUE_BYTES,
        connections: CONNECTIONS,
        milliseconds: u64::try_from(context.window.as_millis()).unwrap_or(u64::MAX),
    };
    Box::new(move || {
        let output = Child::Load(load.clone()).command()?.output()?;
        ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        Ok(vec![String::from_utf8(output.stdout)?.trim().parse()?])
    })
}
