//! Writes and removes one entry.

use kv_core::{Key, PutOptions, Result};
use reqwest::Method;

use crate::{
    api::{expiration::WireExpiration, model::Ignored, redact::Redaction},
    http::{
        request::{Payload, Request, ValueBody},
        response::SMALL_ENVELOPE_BYTES,
    },
    namespace::CloudflareNamespace,
    rate_limit::deadline::Deadline,
};

impl CloudflareNamespace {
    pub(crate) async fn write_entry(
        &self,
        operation: &'static str,
        key: &Key<'_>,
        value: ValueBody,
        options: &PutOptions,
        deadline: &Deadline,
    ) -> Result<()> {
        let expiration = WireExpiration::new(options.expiration, self.client().clock.now());
        let query = match expiration {
            WireExpiration::Never => String::new(),
            WireExpiration::Ttl(seconds) => format!("expiration_ttl={seconds}"),
            WireExpiration::At(seconds) => format!("expiration={seconds}"),
            WireExpiration::Passed => return self.remove_entry(operation, key, deadline).await,
        };
        let url = self.address()?.value(key, &query);
        let body = match &options.metadata {
            None => Payload::Value(value),
            Some(metadata) => Payload::ValueAndMetadata(value, metadata.clone()),
        };
        let writes = [self.hash(key)];
        let request = Request::new(operation, Method::PUT, url)
            .with_body(body)
            .with_writes(&writes)
            .with_redaction(Redaction::Body(Some(key)));
        self.client().send_for_json::<Ignored>(&request, deadline, SMALL_ENVELOPE_BYTES).await?;
        Ok(())
    }

    pub(crate) async fn remove_entry(
        &self,
        operation: &'static str,
        key: &Key<'_>,
        deadline: &Deadline,
    ) -> Result<()> {
        let url = self.address()?.value(key, "");
        let writes = [self.hash(key)];
        let request = Request::new(operation, Method::DELETE, url)
            .with_writes(&writes)
            .with_redaction(Redaction::Key(key));
        self.client().send_for_json::<Ignored>(&request, deadline, SMALL_ENVELOPE_BYTES).await?;
        Ok(())
    }
}
