//! Envelope: the JSON around every result of the REST API but a value's bytes.

use serde::Serialize;

use crate::{
    protocol::json_output,
    rest::{api_error::ApiError, code::Code},
};

#[derive(Serialize)]
struct Envelope<'a, T, I> {
    success: bool,
    errors: &'a [Report<'a>],
    messages: [Report<'a>; 0],
    result: T,
    #[serde(skip_serializing_if = "Option::is_none")]
    result_info: Option<I>,
}

#[derive(Serialize)]
struct Report<'a> {
    code: Code,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<Source<'a>>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    error_chain: &'a [Cause],
}

/// Cause of an error, in its `error_chain`.
#[derive(Debug, Clone, Copy, Serialize)]
pub(super) struct Cause {
    pub(super) code: Code,
    pub(super) message: &'static str,
}

/// Place of an error in the request body.
#[derive(Serialize)]
struct Source<'a> {
    pointer: &'a str,
}

/// Result of a bulk get, with `null` in place of the values.
#[derive(Serialize)]
struct BulkGetResult {
    values: (),
}

/// Returns the envelope of a request that succeeded.
pub(super) fn success<T: Serialize>(result: T) -> Result<Vec<u8>, ApiError> {
    write(true, &[], result, None::<()>)
}

/// Returns the envelope of a bulk get in two parts: before and after its values.
pub(super) fn around_values() -> Result<(Vec<u8>, Vec<u8>), ApiError> {
    const VALUES: &[u8] = b"\"values\":";
    let json = success(BulkGetResult { values: () })?;
    let at =
        json.windows(VALUES.len()).position(|window| window == VALUES).unwrap_or_default() + VALUES.len();
    let (before, after) = json.split_at(at);
    Ok((before.to_vec(), after.strip_prefix(b"null").unwrap_or(after).to_vec()))
}

/// Returns the envelope of a page of results, with information about the page.
pub(super) fn page<T: Serialize, I: Serialize>(result: T, result_info: I) -> Result<Vec<u8>, ApiError> {
    write(true, &[], result, Some(result_info))
}

/// Returns the envelope of a request that failed.
pub(super) fn error(code: Code, message: &str, pointer: Option<&str>, error_chain: &[Cause]) -> Vec<u8> {
    let source = pointer.map(|pointer| Source { pointer });
    let report = Report { code, message, source, error_chain };
    // Serializing numbers and strings cannot fail.
    write(false, &[report], (), None::<()>).unwrap_or_default()
}

fn write<T: Serialize, I: Serialize>(
    success: bool,
    errors: &[Report<'_>],
    result: T,
    result_info: Option<I>,
) -> Result<Vec<u8>, ApiError> {
    Ok(json_output::write(&Envelope { success, errors, messages: [], result, result_info })?)
}
