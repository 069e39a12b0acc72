//! Operations of `OpenDAL`'s client.

use anyhow::{Context, Result, bail};
use base64::{Engine, prelude::BASE64_STANDARD};
use opendal::{HttpTransporter, OperationContext, Operator, services::CloudflareKv};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::loopback::Loopback;

/// Arguments of an operation, which uses those that it needs.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Given {
    url: String,
    account: String,
    credentials: Credentials,
    namespace: String,
    key: String,
    keys: Vec<String>,
    /// In base64.
    value: String,
    prefix: String,
    limit: Option<usize>,
    is_recursive: bool,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Credentials {
    token: String,
}

/// Client with the address and credentials of its server.
#[derive(Default)]
pub(crate) struct Client {
    connection: Given,
}

impl Client {
    /// Performs an operation.
    pub(crate) async fn run(&mut self, operation: &str, given: Given) -> Result<Value> {
        if operation == "connect" {
            self.connection = given;
            return Ok(Value::Null);
        }
        let files = self.files(&given.namespace)?;
        Ok(match operation {
            "get" => BASE64_STANDARD.encode(files.read(&given.key).await?.to_bytes()).into(),
            "put" => {
                files.write(&given.key, BASE64_STANDARD.decode(given.value).context("value")?).await?;
                Value::Null
            }
            "remove" => {
                files.delete(&given.key).await?;
                Value::Null
            }
            "has" => files.exists(&given.key).await?.into(),
            "stat" => {
                let found = files.stat(&given.key).await?;
                json!({ "isFolder": found.is_dir(), "length": found.content_length() })
            }
            "createFolder" => {
                files.create_dir(&given.key).await?;
                Value::Null
            }
            "removeAll" => {
                files.delete_with(&given.key).recursive(true).await?;
                Value::Null
            }
            "bulkRemove" => {
                files.delete_iter(given.keys).await?;
                Value::Null
            }
            "list" => list(&files, &given).await?,
            _ => bail!("no such operation: {operation}"),
        })
    }

    fn files(&self, namespace: &str) -> Result<Operator> {
        let Given { url, account, credentials, .. } = &self.connection;
        let service =
            CloudflareKv::default().account_id(account).namespace_id(namespace).api_token(&credentials.token);
        let transport = HttpTransporter::new(Loopback::new(url));
        let context = OperationContext::new().with_http_transport(transport);
        Ok(Operator::new(service)?.with_context(context))
    }
}

async fn list(files: &Operator, given: &Given) -> Result<Value> {
    let listing = files.list_with(&given.prefix).recursive(given.is_recursive);
    let entries = match given.limit {
        Some(limit) => listing.limit(limit).await?,
        None => listing.await?,
    };
    Ok(entries.iter().map(|entry| json!({ "name": entry.path() })).collect())
}
