//! What an answer says.

use bytes::Bytes;
use reqwest::{StatusCode, header::HeaderMap};
use serde::de::{DeserializeOwned, IgnoredAny};

use crate::{
    api::{Complaint, Envelope, ResultInfo},
    error,
    failure::Failure,
    off_runtime::off_runtime,
    quote::Secrets,
};

/// The largest envelope with little in it: nothing, the metadata of one key (1,024 bytes) or one namespace, and what servers add.
pub(crate) const SMALL_ENVELOPE: usize = 64 * 1024;

/// An answer with a status of success, as it came.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// An answer whose envelope says that all is well.
#[derive(Debug)]
pub(crate) struct Reply<T> {
    pub(crate) result: Option<T>,
    pub(crate) info: ResultInfo,
}

/// Takes the result out of its envelope.
pub(crate) async fn open<T: DeserializeOwned + Send + 'static>(
    answer: Answer,
    secrets: Secrets<'_>,
    token: &str,
) -> Result<Reply<T>, Failure> {
    let Answer { status, body, .. } = answer;
    let parsed = off_runtime(body.len(), move || parse::<T>(&body)).await.map_err(Failure::new)?;
    let envelope = parsed.map_err(|what| Failure::new(error::not_understood(what)))?;
    if !envelope.success {
        return Err(complained(status, &envelope.errors, secrets, token));
    }
    Ok(Reply { result: envelope.result, info: envelope.result_info.unwrap_or_default() })
}

/// The envelope, or what the body is instead. One that says no may have a result of any form.
fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<Envelope<T>, &'static str> {
    if let Ok(envelope) = serde_json::from_slice(body) {
        return Ok(envelope);
    }
    match serde_json::from_slice::<Envelope<IgnoredAny>>(body) {
        Ok(Envelope { success: false, errors, .. }) => {
            Ok(Envelope { success: false, errors, result: None, result_info: None })
        }
        Ok(_) => Err("an envelope with a result of another form"),
        Err(_) => Err("a body that is not an envelope of JSON"),
    }
}

/// An answer with a status that says no.
pub(crate) fn refusal(status: StatusCode, body: &[u8], secrets: Secrets<'_>, token: &str) -> Failure {
    if let Ok(envelope) = serde_json::from_slice::<Envelope<IgnoredAny>>(body) {
        return complained(status, &envelope.errors, secrets, token);
    }
    let text = secrets.quote(&String::from_utf8_lossy(body), token);
    error::refusal(status, None, text.as_deref())
}

/// The first error that an envelope names is the one that counts.
fn complained(status: StatusCode, complaints: &[Complaint], secrets: Secrets<'_>, token: &str) -> Failure {
    let first = complaints.first();
    let text = first.and_then(|complaint| secrets.quote(&complaint.message, token));
    error::refusal(status, first.map(|complaint| complaint.code), text.as_deref())
}
