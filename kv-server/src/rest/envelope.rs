//! The envelope around every answer but a value.

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
    /// The causes, where the service says more than one thing.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    error_chain: &'a [Link],
}

/// A cause of an error, in its chain.
#[derive(Debug, Clone, Copy, Serialize)]
pub(super) struct Link {
    pub(super) code: Code,
    pub(super) message: &'static str,
}

#[derive(Serialize)]
struct Source<'a> {
    pointer: &'a str,
}

/// A result that is written in its place later.
#[derive(Serialize)]
struct Values {
    values: (),
}

/// The text of an envelope around the result of a request that succeeded.
pub(super) fn success<T: Serialize>(result: T) -> Result<Vec<u8>, ApiError> {
    write(true, &[], result, None::<()>)
}

/// The same as far as the result's only member, `values`, and from there on.
pub(super) fn around_values() -> Result<(Vec<u8>, Vec<u8>), ApiError> {
    const VALUES: &[u8] = b"\"values\":";
    let json = success(Values { values: () })?;
    let at =
        json.windows(VALUES.len()).position(|window| window == VALUES).unwrap_or_default() + VALUES.len();
    let (before, after) = json.split_at(at);
    Ok((before.to_vec(), after.strip_prefix(b"null").unwrap_or(after).to_vec()))
}

/// The same for one page of a result, with what there is to say about the page.
pub(super) fn page<T: Serialize, I: Serialize>(result: T, result_info: I) -> Result<Vec<u8>, ApiError> {
    write(true, &[], result, Some(result_info))
}

/// The same for a request that failed, with the message as it is to be shown.
pub(super) fn failure(code: Code, message: &str, pointer: Option<&str>, error_chain: &[Link]) -> Vec<u8> {
    let source = pointer.map(|pointer| Source { pointer });
    let report = Report { code, message, source, error_chain };
    // Numbers and text can always be written.
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
