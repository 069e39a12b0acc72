//! One request of the API, as it is sent and sent again.

use bytes::Bytes;
use kv_core::Metadata;
use reqwest::{
    Body, Method, RequestBuilder, Url,
    header::{CONTENT_LENGTH, CONTENT_TYPE},
    multipart::{Form, Part},
};

use crate::{
    quote::Secrets,
    upload::{Progress, Upload},
};

/// One request.
#[derive(Debug)]
pub(crate) struct Request<'a> {
    pub(crate) operation: &'static str,
    pub(crate) method: Method,
    pub(crate) url: Url,
    pub(crate) body: Option<Payload>,
    /// The hashes of the keys that it writes.
    pub(crate) writes: &'a [u64],
    /// What its errors must not repeat.
    pub(crate) secrets: Secrets<'a>,
    /// Whether it may be sent again when it is not known whether the first one was carried out.
    pub(crate) repeatable: bool,
    /// Whether parts of it are sent in its place where the service is too slow for all of it.
    pub(crate) divisible: bool,
}

/// A request's body, which every attempt shares.
#[derive(Debug)]
pub(crate) enum Payload {
    Json(Bytes),
    /// A value as it is.
    Value(Bytes),
    /// A value in the part `value`, and its metadata in the part `metadata`.
    ValueAndMetadata(Bytes, Metadata),
}

impl<'a> Request<'a> {
    pub(crate) const fn new(operation: &'static str, method: Method, url: Url) -> Self {
        let (body, writes, secrets): (_, &[u64], _) = (None, &[], Secrets::None);
        Self { operation, method, url, body, writes, secrets, repeatable: true, divisible: false }
    }

    pub(crate) fn with_body(mut self, body: Payload) -> Self {
        self.body = Some(body);
        self
    }

    pub(crate) const fn with_writes(mut self, writes: &'a [u64]) -> Self {
        self.writes = writes;
        self
    }

    pub(crate) const fn with_secrets(mut self, secrets: Secrets<'a>) -> Self {
        self.secrets = secrets;
        self
    }

    /// It is about so many items. With more than one, parts of it are sent in its place where the service is too slow for all of it.
    pub(crate) const fn about(mut self, items: usize) -> Self {
        self.divisible = items > 1;
        self
    }

    /// It is not sent again unless it is certain that nothing was done.
    pub(crate) const fn once(mut self) -> Self {
        self.repeatable = false;
        self
    }
}

impl Payload {
    /// Makes it the body of a request that is built, without a copy.
    pub(crate) fn attach(&self, request: RequestBuilder, progress: &Progress) -> RequestBuilder {
        let upload = |bytes: &Bytes| Body::wrap(Upload::new(bytes.clone(), progress.clone()));
        let (content_type, bytes) = match self {
            Self::Json(bytes) => ("application/json", bytes),
            Self::Value(bytes) => ("application/octet-stream", bytes),
            Self::ValueAndMetadata(bytes, metadata) => {
                let value = Part::stream_with_length(upload(bytes), bytes.len() as u64);
                let metadata = Part::text(metadata.as_str().to_owned());
                return request.multipart(Form::new().part("value", value).part("metadata", metadata));
            }
        };
        // Its length is told by name, since an empty body would otherwise go without one.
        let request = request.header(CONTENT_TYPE, content_type).header(CONTENT_LENGTH, bytes.len());
        request.body(upload(bytes))
    }
}
