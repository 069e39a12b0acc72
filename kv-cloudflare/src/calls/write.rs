//! Writes and deletions of one entry.

use kv_core::{Key, PutOptions, Result};
use reqwest::Method;

use crate::{
    api::{expiration::WireExpiration, model::Ignored, redact::Redaction},
    calls::namespace_client::NamespaceClient,
    http::{
        request::{Payload, Request, ValueBody},
        response::SMALL_ENVELOPE_BYTES,
    },
    rate_limit::deadline::Deadline,
};

/// Writes `value` under `key`; removes the key if the entry would have expired already.
pub(crate) async fn write_entry(
    namespace: &NamespaceClient,
    operation: &'static str,
    key: &Key<'_>,
    value: ValueBody,
    options: &PutOptions,
    deadline: &Deadline,
) -> Result<()> {
    let query = match WireExpiration::new(options.expiration, namespace.client.clock.now()) {
        WireExpiration::Never => String::new(),
        WireExpiration::Ttl(seconds) => format!("expiration_ttl={seconds}"),
        WireExpiration::At(seconds) => format!("expiration={seconds}"),
        WireExpiration::Expired => return remove_entry(namespace, operation, key, deadline).await,
    };
    let url = namespace.urls()?.value(key, &query);
    let body = match &options.metadata {
        None => Payload::Value(value),
        Some(metadata) => Payload::ValueAndMetadata(value, metadata.clone()),
    };
    let written_keys = [namespace.hash(key)];
    let request = Request::new(operation, Method::PUT, url)
        .with_body(body)
        .with_written_keys(&written_keys)
        .with_redaction(Redaction::Body(Some(key)));
    namespace.client.send_for_json::<Ignored>(&request, deadline, SMALL_ENVELOPE_BYTES).await?;
    Ok(())
}

/// Removes the entry under `key`; an absent one is a success.
pub(crate) async fn remove_entry(
    namespace: &NamespaceClient,
    operation: &'static str,
    key: &Key<'_>,
    deadline: &Deadline,
) -> Result<()> {
    let url = namespace.urls()?.value(key, "");
    let written_keys = [namespace.hash(key)];
    let request = Request::new(operation, Method::DELETE, url)
        .with_written_keys(&written_keys)
        .with_redaction(Redaction::Key(key));
    namespace.client.send_for_json::<Ignored>(&request, deadline, SMALL_ENVELOPE_BYTES).await?;
    Ok(())
}
