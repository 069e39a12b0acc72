//! Response of the API, and the parsing of its envelope.

use bytes::Bytes;
use reqwest::{StatusCode, header::HeaderMap};
use serde::de::{DeserializeOwned, IgnoredAny};

use crate::{
    api::{
        attempt_error::AttemptError,
        errors,
        model::{ApiErrors, Envelope, ErrorEnvelope, ResultInfo},
        redact::Redaction,
    },
    http::offload::offload,
};

/// Largest envelope with a small result: none, the metadata of one key (1,024 bytes) or one namespace, and
/// extra fields.
pub(crate) const SMALL_ENVELOPE_BYTES: usize = 64 * 1024;

/// Response with a success status, as it arrived.
#[derive(Debug)]
pub(crate) struct RawResponse {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// Response whose envelope reports success.
#[derive(Debug)]
pub(crate) struct ApiResponse<T> {
    pub(crate) result: Option<T>,
    pub(crate) info: ResultInfo,
}

/// Parses the envelope, and turns the errors that it reports into an error.
pub(crate) async fn parse_envelope<T: DeserializeOwned + Send + 'static>(
    response: RawResponse,
    redaction: Redaction<'_>,
    token: &str,
) -> Result<ApiResponse<T>, AttemptError> {
    let RawResponse { status, body, .. } = response;
    let parsed = offload(body.len(), move || parse::<T>(&body)).await.map_err(AttemptError::new)?;
    let envelope = parsed.map_err(|what| AttemptError::new(errors::unexpected_response(what)))?;
    if !envelope.success {
        return Err(api_error(status, &envelope.errors, redaction, token));
    }
    Ok(ApiResponse { result: envelope.result, info: envelope.result_info })
}

/// Parses the envelope, or describes what the body is instead. An envelope with errors may have a result of
/// any form.
fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<Envelope<T>, &'static str> {
    if let Ok(envelope) = serde_json::from_slice(body) {
        return Ok(envelope);
    }
    match serde_json::from_slice::<Envelope<IgnoredAny>>(body) {
        Ok(Envelope { success: false, errors, .. }) => {
            Ok(Envelope { success: false, errors, result: None, result_info: ResultInfo::default() })
        }
        Ok(_) => Err("an envelope whose result has another form"),
        Err(_) => Err("a body that is not a JSON envelope"),
    }
}

/// Returns the error of a response with an error status.
pub(crate) fn error_response(
    status: StatusCode,
    body: &[u8],
    redaction: Redaction<'_>,
    token: &str,
) -> AttemptError {
    if let Ok(envelope) = serde_json::from_slice::<ErrorEnvelope>(body) {
        return api_error(status, &envelope.errors, redaction, token);
    }
    let text = redaction.redact(&String::from_utf8_lossy(body), token);
    errors::refused(status, None, text.as_deref())
}

/// Returns the error that an envelope reports.
fn api_error(status: StatusCode, errors: &ApiErrors, redaction: Redaction<'_>, token: &str) -> AttemptError {
    let decisive = errors.decisive();
    let text = decisive.and_then(|error| redaction.redact(&error.message, token));
    errors::refused(status, decisive.and_then(|error| error.code), text.as_deref())
}

#[cfg(test)]
mod tests {
    use kv_core::ErrorKind;
    use kv_testkit::proptest::prelude::*;
    use reqwest::StatusCode;
    use serde_json::{Map, Value as Json, json};

    use super::{Redaction, error_response, parse};

    /// Part of an envelope: missing, `null`, empty, or with content.
    fn part(empty: Json, full: Json) -> impl Strategy<Value = Option<Json>> {
        prop::sample::select(vec![None, Some(Json::Null), Some(empty), Some(full)])
    }

    fn envelope(success: bool, parts: Vec<(&str, Option<Json>)>) -> Vec<u8> {
        let mut envelope = Map::from_iter([("success".to_owned(), json!(success))]);
        envelope.extend(parts.into_iter().filter_map(|(name, part)| Some((name.to_owned(), part?))));
        Json::Object(envelope).to_string().into_bytes()
    }

    proptest! {
        /// Missing and empty parts do not keep the rest from being read.
        #[test]
        fn envelopes_with_gaps_are_read(
            success in any::<bool>(),
            errors in part(
                json!([]),
                json!([null, { "code": 10_013, "message": null, "error_chain": null }]),
            ),
            messages in part(json!([]), json!(["one", { "code": 1 }])),
            info in part(json!({}), json!({ "cursor": "c", "total_count": null, "count": 1 })),
            result in prop::sample::select(vec![None, Some(Json::Null), Some(json!(7))]),
        ) {
            let parts = vec![
                ("errors", errors.clone()),
                ("messages", messages),
                ("result_info", info.clone()),
                ("result", result.clone()),
            ];
            let body = envelope(success, parts);
            let read = parse::<u8>(&body).unwrap();
            prop_assert_eq!(read.success, success);
            prop_assert_eq!(read.result.map(Json::from), result.filter(|result| !result.is_null()));
            let cursor = info.as_ref().and_then(|info| info.get("cursor")).and_then(Json::as_str);
            prop_assert_eq!(read.result_info.cursor.as_deref(), cursor);
            let is_named = errors.as_ref().and_then(Json::as_array).is_some_and(|errors| !errors.is_empty());
            let code = read.errors.decisive().and_then(|error| error.code);
            prop_assert_eq!(code, is_named.then_some(10_013));

            let refused = error_response(StatusCode::BAD_REQUEST, &body, Redaction::None, "token").error;
            let kind = if is_named { ErrorKind::NamespaceNotFound } else { ErrorKind::Other };
            prop_assert_eq!(refused.kind(), kind);
        }
    }
}
