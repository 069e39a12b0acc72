//! A value and its metadata in one form.

use axum::body::Body;
use futures_util::stream;
use kv_core::{PutOptions, Value, limits};
use multer::{Constraints, Field, Multipart, SizeLimit};

use super::{code::Code, failure::Failure, values::to_value};
use crate::{
    request_body::{BodyError, RequestBody},
    shared::Shared,
};

/// What a form may take beyond its value: its metadata, which may be written with much white space, and its boundaries.
const MAX_FRAMING_BYTES: usize = 64 * 1024;

/// The part `value`, and `options` with the part `metadata`, if there is one. Other parts are ignored.
pub(super) async fn read(
    shared: &Shared,
    content_type: &str,
    body: Body,
    options: PutOptions,
) -> Result<(Value, PutOptions), Failure> {
    let boundary = multer::parse_boundary(content_type).map_err(|_| {
        Failure::new(Code::MalformedBody, "the content type of a form has to name its boundary")
    })?;
    let body = RequestBody::new(body, limits::MAX_VALUE_BYTES + MAX_FRAMING_BYTES, shared.stall_timeout)?;
    let announced = body.announced().unwrap_or_default();
    let chunks = stream::try_unfold(body, async |mut body| {
        Ok::<_, BodyError>(body.chunk().await?.map(|chunk| (chunk, body)))
    });
    let limit = SizeLimit::new().for_field("metadata", MAX_FRAMING_BYTES as u64);
    let mut form = Multipart::with_constraints(chunks, boundary, Constraints::new().size_limit(limit));

    let (mut value, mut metadata) = (None, None);
    while let Some(field) = form.next_field().await.map_err(to_failure)? {
        match field.name() {
            Some("value") if value.is_none() => value = Some(collect(field, announced).await?),
            Some("metadata") if metadata.is_none() => metadata = Some(collect(field, 0).await?),
            Some(name @ ("value" | "metadata")) => {
                return Err(Failure::new(Code::MalformedBody, format!("the form has two parts {name:?}")));
            }
            _ => {}
        }
    }
    let value = value.ok_or_else(|| Failure::new(Code::MalformedBody, "the form has no part \"value\""))?;
    let options = match metadata {
        Some(metadata) => with_metadata(options, &metadata)?,
        None => options,
    };
    Ok((to_value(value)?, options))
}

/// The bytes of a part. With room for all that was announced of the form, a value is copied once.
async fn collect(mut field: Field<'_>, announced: usize) -> Result<Vec<u8>, Failure> {
    let mut whole = Vec::with_capacity(announced);
    while let Some(chunk) = field.chunk().await.map_err(to_failure)? {
        whole.extend_from_slice(&chunk);
    }
    Ok(whole)
}

fn with_metadata(options: PutOptions, json: &[u8]) -> Result<PutOptions, Failure> {
    let text = std::str::from_utf8(json)
        .map_err(|_| Failure::new(Code::InvalidMetadata, "metadata has to be JSON: it is not UTF-8"))?;
    Ok(options.with_metadata_json(text)?)
}

fn to_failure(error: multer::Error) -> Failure {
    match error {
        multer::Error::StreamReadFailed(error) => match error.downcast::<BodyError>() {
            Ok(error) => Failure::from(*error),
            Err(_) => Failure::from(BodyError::Broken),
        },
        multer::Error::FieldSizeExceeded { limit, .. } => Failure::new(
            Code::InvalidMetadata,
            format!("a part \"metadata\" of more than {limit} bytes is too long, white space and all"),
        ),
        // Its text may quote the form.
        _ => Failure::new(Code::MalformedBody, "the body is not the form that its content type announces"),
    }
}
