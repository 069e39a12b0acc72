//! One request of the API, as it is sent and sent again.

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

/// One request.
#[derive(Debug)]
pub(crate) struct Request<'a> {
    pub(crate) operation: &'static str,
    pub(crate) method: Method,
    pub(crate) url: Url,
    pub(crate) body: Option<Payload>,
    /// The hashes of the keys that it written_keys.
    pub(crate) written_keys: &'a [u64],
    /// What its errors must not repeat.
    pub(crate) redaction: Redaction<'a>,
    /// Whether it may be sent again when it is not known whether the first one was carried out.
    pub(crate) idempotent: bool,
    /// `true` if parts of it are sent in its place where the service is too slow for all of it.
    pub(crate) splittable: bool,
    /// `true` if the answer has to come uncompressed, so that its length is known.
    pub(crate) uncompressed: bool,
}

/// A request's body, which every attempt shares.
#[derive(Debug)]
pub(crate) enum Payload {
    Json(Bytes),
    /// A value as it is.
    Value(ValueBody),
    /// A value in the part `value`, and its metadata in the part `metadata`.
    ValueAndMetadata(ValueBody, Metadata),
}

/// A value to be written.
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

    /// It is about so many items. With more than one, parts of it are sent in its place where the service is too slow for all of it.
    pub(crate) const fn for_items(mut self, items: usize) -> Self {
        self.splittable = items > 1;
        self
    }

    /// Its answer comes as it is.
    pub(crate) const fn uncompressed(mut self) -> Self {
        self.uncompressed = true;
        self
    }

    /// It is not sent again unless it is certain that nothing was done.
    pub(crate) const fn non_idempotent(mut self) -> Self {
        self.idempotent = false;
        self
    }
}

impl Payload {
    /// `true` if another attempt would send the same again.
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

    /// Makes it the body of a request that is built, without a copy.
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
        // Its length is told by name, since an empty body would otherwise go without one.
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
