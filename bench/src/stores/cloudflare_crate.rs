//! The crate `cloudflare`, connected to its own kv-server.

use std::sync::Arc;

use anyhow::{Result, ensure};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use bytes::Bytes;
use cloudflare::{
    endpoints::workerskv::{
        read_key::ReadKey,
        write_bulk::{KeyValuePair, WriteBulk},
        write_key::{WriteKey, WriteKeyBody, WriteKeyBodyMetadata, WriteKeyParams},
    },
    framework::{
        Environment,
        auth::Credentials,
        client::{ClientConfig, async_api::Client},
        response::ApiFailure,
    },
};

use crate::harness::{
    loopback::{ACCOUNT, Loopback, TOKEN},
    store::{Callers, Store},
};

pub(crate) const NAME: &str = "cloudflare crate";

/// Most pairs per bulk write: the crate parses the number of written pairs into an `i8`.
const MAX_BULK_PAIRS: usize = 127;

#[derive(Clone)]
pub(crate) struct CloudflareCrate {
    pub(crate) server: Loopback,
    client: Arc<Client>,
}

impl CloudflareCrate {
    /// Starts a server on the current runtime, and a client of it.
    pub(crate) async fn open() -> Result<Self> {
        let server = Loopback::start().await?;
        let token = Credentials::UserAuthToken { token: TOKEN.to_owned() };
        // The trailing slash keeps the last segment when the crate joins a path.
        let environment = Environment::Custom(format!("{}/", server.base_url()));
        let client = Client::new(token, ClientConfig::default(), environment)?;
        Ok(Self { server, client: Arc::new(client) })
    }

    /// Puts a value with metadata, as a multipart body.
    pub(crate) async fn put_with_metadata(
        &self,
        key: &str,
        value: Vec<u8>,
        metadata: serde_json::Value,
    ) -> Result<()> {
        self.write(key, WriteKeyBody::Metadata(WriteKeyBodyMetadata { value, metadata })).await
    }

    async fn write(&self, key: &str, body: WriteKeyBody) -> Result<()> {
        let write = WriteKey {
            account_identifier: ACCOUNT,
            namespace_identifier: self.server.namespace.as_str(),
            key,
            params: WriteKeyParams::default(),
            body,
        };
        self.client.request(&write).await?;
        Ok(())
    }
}

impl Store for CloudflareCrate {
    const CALLERS: Callers = Callers::Tasks;

    async fn get(&self, key: &str) -> Result<Option<Bytes>> {
        let namespace_identifier = self.server.namespace.as_str();
        let read = ReadKey { account_identifier: ACCOUNT, namespace_identifier, key };
        match self.client.request(&read).await {
            Ok(value) => Ok(Some(value.into())),
            Err(ApiFailure::Error(status, _)) if status == 404 => Ok(None),
            Err(failure) => Err(failure.into()),
        }
    }

    async fn put(&self, key: &str, value: Bytes) -> Result<()> {
        self.write(key, WriteKeyBody::Value(value.into())).await
    }

    async fn put_many(&self, entries: Vec<(String, Bytes)>) -> Result<()> {
        for entries in entries.chunks(MAX_BULK_PAIRS) {
            let pair = |(key, value): &(String, Bytes)| KeyValuePair {
                key: key.clone(),
                value: BASE64_STANDARD.encode(value),
                expiration: None,
                expiration_ttl: None,
                base64: Some(true),
            };
            let write = WriteBulk {
                account_identifier: ACCOUNT,
                namespace_identifier: self.server.namespace.as_str(),
                bulk_key_value_pairs: entries.iter().map(pair).collect(),
            };
            let failed = self.client.request(&write).await?.result.unsuccessful_keys.unwrap_or_default();
            ensure!(failed.is_empty(), "{} puts of a bulk write failed", failed.len());
        }
        Ok(())
    }
}
