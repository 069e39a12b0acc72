//! A value and its metadata in one form.

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use axum::{body::Body, http::HeaderValue};
use bytes::Bytes;
use futures_util::stream;
use kv_core::{PutOptions, Value, limits};
use multer::{Constraints, Field, Multipart, SizeLimit};
use tokio::task::yield_now;

use super::{code::Code, failure::Failure};
use crate::{
    memory::Room,
    request_body::{BodyError, RequestBody, append, without_spare_room},
    shared::Shared,
};

/// What a form may take beyond its value: its metadata, which may be written with much white space, and its boundaries.
const MAX_FRAMING_BYTES: usize = 64 * 1024;
/// What may come before the parser finds the start of a part: it searches all of that again whenever more comes. It may
/// get more than one chunk before it looks, so this is more than any boundary and its headers take.
const MAX_SEARCHED_BYTES: usize = 1024 * 1024;

/// Why a form was not read to its end.
#[derive(Debug, thiserror::Error)]
enum FormError {
    #[error(transparent)]
    Body(#[from] BodyError),
    #[error("the form has more than {MAX_SEARCHED_BYTES} bytes before a part, or in the headers of one")]
    NothingFound,
}

/// The part `value`, `options` with the part `metadata`, if there is one, and the room that the value takes. Other parts
/// are ignored.
pub(super) async fn read(
    shared: &Shared,
    content_type: &HeaderValue,
    body: Body,
    options: PutOptions,
) -> Result<(Value, PutOptions, Room), Failure> {
    let boundary = content_type.to_str().ok().and_then(|text| multer::parse_boundary(text).ok());
    let boundary = boundary.ok_or_else(|| {
        Failure::new(Code::MalformedBody, "the content type of a form has to name its boundary")
    })?;
    let limit = limits::MAX_VALUE_BYTES + MAX_FRAMING_BYTES;
    let mut body = RequestBody::new(body, limit, &shared.body_rules)?;
    let (value, metadata) = parts(&mut body, boundary).await?;
    let value = value.ok_or_else(|| Failure::new(Code::MalformedBody, "the form has no part \"value\""))?;
    let options = match metadata {
        Some(metadata) => with_metadata(options, &metadata)?,
        None => options,
    };
    let mut room = body.into_room();
    room.shrink(value.capacity());
    Ok((Value::new(without_spare_room(value))?, options, room))
}

/// The parts `value` and `metadata`.
async fn parts(
    body: &mut RequestBody<'_>,
    boundary: String,
) -> Result<(Option<Vec<u8>>, Option<Vec<u8>>), Failure> {
    let announced = body.announced().unwrap_or_default();
    // The bytes that came since the parser found anything.
    let searched = AtomicUsize::new(0);
    let chunks = stream::try_unfold(body, async |body| {
        // The parser takes all that is there before it looks at any of it, so it is given one chunk at a time.
        yield_now().await;
        if searched.load(Relaxed) > MAX_SEARCHED_BYTES {
            return Err(FormError::NothingFound);
        }
        let chunk = body.chunk().await?;
        searched.fetch_add(chunk.as_ref().map_or(0, Bytes::len), Relaxed);
        Ok(chunk.map(|chunk| (chunk, body)))
    });
    let limit = SizeLimit::new().for_field("metadata", MAX_FRAMING_BYTES as u64);
    let mut form = Multipart::with_constraints(chunks, boundary, Constraints::new().size_limit(limit));

    let (mut value, mut metadata) = (None, None);
    while let Some(field) = form.next_field().await.map_err(to_failure)? {
        searched.store(0, Relaxed);
        match field.name() {
            Some("value") if value.is_none() => value = Some(collect(field, announced, &searched).await?),
            Some("metadata") if metadata.is_none() => metadata = Some(collect(field, 0, &searched).await?),
            Some(name @ ("value" | "metadata")) => {
                return Err(Failure::new(Code::MalformedBody, format!("the form has two parts {name:?}")));
            }
            _ => skip(field, &searched).await?,
        }
    }
    Ok((value, metadata))
}

/// The bytes of a part of a form of which so much was announced.
async fn collect(mut field: Field<'_>, announced: usize, searched: &AtomicUsize) -> Result<Vec<u8>, Failure> {
    let mut whole = Vec::new();
    while let Some(chunk) = field.chunk().await.map_err(to_failure)? {
        searched.store(0, Relaxed);
        append(&mut whole, &chunk, announced);
    }
    Ok(whole)
}

async fn skip(mut field: Field<'_>, searched: &AtomicUsize) -> Result<(), Failure> {
    while field.chunk().await.map_err(to_failure)?.is_some() {
        searched.store(0, Relaxed);
    }
    Ok(())
}

fn with_metadata(options: PutOptions, json: &[u8]) -> Result<PutOptions, Failure> {
    let text = std::str::from_utf8(json)
        .map_err(|_| Failure::new(Code::InvalidMetadata, "metadata has to be JSON: it is not UTF-8"))?;
    Ok(options.with_metadata_json(text)?)
}

fn to_failure(error: multer::Error) -> Failure {
    match error {
        multer::Error::StreamReadFailed(error) => match error.downcast::<FormError>().map(|error| *error) {
            Ok(FormError::Body(error)) => Failure::from(error),
            Ok(error @ FormError::NothingFound) => Failure::new(Code::MalformedBody, error.to_string()),
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
