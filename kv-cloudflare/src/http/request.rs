//! Request of the API, as each of its attempts sends it.

use bytes::Bytes;
use kv_core::Metadata;
use reqwest::{
    Body, Method, RequestBuilder, Url,
    header::{CONTENT_LENGTH, CONTENT_TYPE},
    multipart::{Form, Part},
};

use crate::{
    api::redact::Redaction,
    http::body::{
        bytes_body::{BytesBody, Progress},
        source_body::SharedSource,
    },
};

/// Request of the API.
#[derive(Debug)]
pub(crate) struct Request<'a> {
    pub(crate) operation: &'static str,
    pub(crate) method: Method,
    pub(crate) url: Url,
    pub(crate) body: Option<Payload>,
    /// Hashes of the keys that it writes.
    pub(crate) written_keys: &'a [u64],
    /// Secrets that its errors must not repeat.
    pub(crate) redaction: Redaction<'a>,
    /// `true` if it may be sent again although an earlier attempt may have been carried out.
    pub(crate) idempotent: bool,
    /// `true` if the caller sends smaller requests in its place when the service is too slow for it.
    pub(crate) splittable: bool,
    /// `true` if the response must not be compressed, so that its length is known.
    pub(crate) uncompressed: bool,
}

/// Body of a request, shared by all its attempts.
#[derive(Debug)]
pub(crate) enum Payload {
    Json(Bytes),
    /// Value as it is.
    Value(ValueBody),
    /// Multipart form with the value in the part `value` and its metadata in the part `metadata`.
    ValueAndMetadata(ValueBody, Metadata),
}

/// Value to be written.
#[derive(Debug)]
pub(crate) enum ValueBody {
    Whole(Bytes),
    Source(SharedSource),
}

impl<'a> Request<'a> {
    pub(crate) const fn new(operation: &'static str, method: Method, url: Url) -> Self {
        Self {
            operation,
            method,
            url,
            body: None,
            written_keys: &[],
            redaction: Redaction::None,
            idempotent: true,
            splittable: false,
            uncompressed: false,
        }
    }

    pub(crate) fn with_body(mut self, body: Payload) -> Self {
        self.body = Some(body);
        self
    }

    pub(crate) const fn with_written_keys(mut self, written_keys: &'a [u64]) -> Self {
        self.written_keys = written_keys;
        self
    }

    pub(crate) const fn with_redaction(mut self, redaction: Redaction<'a>) -> Self {
        self.redaction = redaction;
        self
    }

    /// Sets the number of its items. With more than one, the caller splits it when the service is too slow
    /// for it.
    pub(crate) const fn for_items(mut self, items: usize) -> Self {
        self.splittable = items > 1;
        self
    }

    /// Asks for a response without compression.
    pub(crate) const fn uncompressed(mut self) -> Self {
        self.uncompressed = true;
        self
    }

    /// Forbids a repetition unless it is certain that no earlier attempt was carried out.
    pub(crate) const fn non_idempotent(mut self) -> Self {
        self.idempotent = false;
        self
    }
}

impl Payload {
    /// `true` if another attempt can send the same bytes.
    pub(crate) fn can_repeat(&self) -> bool {
        match self {
            Self::Value(ValueBody::Source(source)) | Self::ValueAndMetadata(ValueBody::Source(source), _) => {
                source.can_repeat()
            }
            Self::Json(_)
            | Self::Value(ValueBody::Whole(_))
            | Self::ValueAndMetadata(ValueBody::Whole(_), _) => true,
        }
    }

    /// Sets it as the body of a request, without a copy.
    pub(crate) fn attach(&self, request: RequestBuilder, progress: &Progress) -> RequestBuilder {
        let (content_type, body, length) = match self {
            Self::Json(bytes) => ("application/json", whole(bytes, progress), Some(bytes.len() as u64)),
            Self::Value(value) => ("application/octet-stream", value.body(progress), value.length()),
            Self::ValueAndMetadata(value, metadata) => {
                let body = value.body(progress);
                let value = match value.length() {
                    Some(length) => Part::stream_with_length(body, length),
                    None => Part::stream(body),
                };
                let metadata = Part::text(metadata.as_str().to_owned());
                return request.multipart(Form::new().part("value", value).part("metadata", metadata));
            }
        };
        let request = request.header(CONTENT_TYPE, content_type);
        // The length is set explicitly, because an empty body would have none.
        let request = match length {
            Some(length) => request.header(CONTENT_LENGTH, length),
            None => request,
        };
        request.body(body)
    }
}

impl ValueBody {
    fn body(&self, progress: &Progress) -> Body {
        match self {
            Self::Whole(bytes) => whole(bytes, progress),
            Self::Source(source) => Body::wrap(source.body(progress.clone())),
        }
    }

    fn length(&self) -> Option<u64> {
        match self {
            Self::Whole(bytes) => Some(bytes.len() as u64),
            Self::Source(source) => source.length(),
        }
    }
}

fn whole(bytes: &Bytes, progress: &Progress) -> Body {
    Body::wrap(BytesBody::new(bytes.clone(), progress.clone()))
}
