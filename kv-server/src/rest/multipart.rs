//! Value and metadata in a `multipart/form-data` body.

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use axum::{body::Body, http::HeaderValue};
use bytes::{Bytes, BytesMut};
use futures_util::stream;
use kv_core::{PutOptions, Value, limits};
use multer::{Constraints, Field, Multipart, SizeLimit};
use tokio::task::yield_now;

use crate::{
    http::{
        body_rules::BodyError,
        memory::Reservation,
        request_body::{RequestBody, append_chunk, shrink_if_wasteful},
    },
    rest::{api_error::ApiError, code::Code},
    state::app_state::AppState,
};

/// Maximum number of bytes of a form beside its value: boundaries, and metadata, which may have much white
/// space.
const MAX_FRAMING_BYTES: usize = 64 * 1024;
/// Maximum number of bytes in which the parser may find no part, much more than a boundary and its headers
/// take. The parser searches them all again for each chunk.
const MAX_SEARCHED_BYTES: usize = 32 * 1024;
/// Length of the chunks that the parser gets, however short those are that the client sends: each chunk costs
/// a search.
const CHUNK_BYTES: usize = 16 * 1024;

/// Error of reading a form.
#[derive(Debug, thiserror::Error)]
enum FormError {
    #[error(transparent)]
    Body(#[from] BodyError),
    #[error("form has more than {MAX_SEARCHED_BYTES} bytes before or in the headers of a part")]
    NoPart,
}

/// Reads a form: its part `value` with the reservation, and `options` with its part `metadata`, if there is
/// one. Other parts are ignored.
pub(super) async fn read(
    state: &AppState,
    content_type: &HeaderValue,
    body: Body,
    options: PutOptions,
) -> Result<(Value, PutOptions, Reservation), ApiError> {
    let boundary = content_type.to_str().ok().and_then(|text| multer::parse_boundary(text).ok());
    let boundary = boundary
        .ok_or_else(|| ApiError::new(Code::MalformedBody, "Content-Type has no multipart boundary"))?;
    let limit = limits::MAX_VALUE_BYTES + MAX_FRAMING_BYTES;
    let mut body = RequestBody::new(body, limit, &state.body_rules)?;
    let (value, metadata) = parts(&mut body, boundary).await?;
    let value = value.ok_or_else(|| ApiError::new(Code::MalformedBody, "form has no part \"value\""))?;
    let options = match metadata {
        Some(metadata) => with_metadata(options, &metadata)?,
        None => options,
    };
    let mut reservation = body.into_reservation();
    reservation.shrink(value.capacity());
    Ok((Value::new(shrink_if_wasteful(value))?, options, reservation))
}

/// Reads the parts `value` and `metadata`.
async fn parts(
    body: &mut RequestBody<'_>,
    boundary: String,
) -> Result<(Option<Vec<u8>>, Option<Vec<u8>>), ApiError> {
    let content_length = body.content_length().unwrap_or_default();
    // Bytes since the parser last found a part.
    let searched = AtomicUsize::new(0);
    let chunks = stream::try_unfold(FixedChunks::new(body), async |mut chunks| {
        // The parser buffers all that is ready before it searches, so it gets one chunk at a time.
        yield_now().await;
        // It may have taken two chunks since its last search.
        if searched.load(Relaxed) > MAX_SEARCHED_BYTES + 2 * CHUNK_BYTES {
            return Err(FormError::NoPart);
        }
        let chunk = chunks.next().await?;
        searched.fetch_add(chunk.as_ref().map_or(0, Bytes::len), Relaxed);
        Ok(chunk.map(|chunk| (chunk, chunks)))
    });
    let limit = SizeLimit::new().for_field("metadata", MAX_FRAMING_BYTES as u64);
    let mut form = Multipart::with_constraints(chunks, boundary, Constraints::new().size_limit(limit));

    let mut value = None;
    let mut metadata = None;
    while let Some(field) = form.next_field().await.map_err(to_api_error)? {
        searched.store(0, Relaxed);
        match field.name() {
            Some("value") if value.is_none() => {
                value = Some(collect(field, content_length, &searched).await?);
            }
            Some("metadata") if metadata.is_none() => metadata = Some(collect(field, 0, &searched).await?),
            Some(name @ ("value" | "metadata")) => {
                return Err(ApiError::new(Code::MalformedBody, format!("form has two parts {name:?}")));
            }
            _ => skip(field, &searched).await?,
        }
    }
    Ok((value, metadata))
}

/// Body in chunks of [`CHUNK_BYTES`], the last one excepted.
#[derive(Debug)]
struct FixedChunks<'a, 'b> {
    body: &'a mut RequestBody<'b>,
    /// Rest of the last chunk of `body`.
    rest: Bytes,
    /// Start of the next chunk, gathered from shorter ones.
    gathered: BytesMut,
    is_finished: bool,
}

impl<'a, 'b> FixedChunks<'a, 'b> {
    fn new(body: &'a mut RequestBody<'b>) -> Self {
        Self { body, rest: Bytes::new(), gathered: BytesMut::new(), is_finished: false }
    }

    /// Returns the next chunk; `None` at the end.
    async fn next(&mut self) -> Result<Option<Bytes>, BodyError> {
        loop {
            if self.gathered.is_empty() && self.rest.len() >= CHUNK_BYTES {
                return Ok(Some(self.rest.split_to(CHUNK_BYTES)));
            }
            let missing = CHUNK_BYTES - self.gathered.len();
            let more = self.rest.split_to(missing.min(self.rest.len()));
            self.gathered.extend_from_slice(&more);
            if self.gathered.len() == CHUNK_BYTES || self.is_finished {
                let chunk = self.gathered.split().freeze();
                return Ok(Some(chunk).filter(|chunk| !chunk.is_empty()));
            }
            match self.body.chunk().await? {
                Some(chunk) => self.rest = chunk,
                None => self.is_finished = true,
            }
        }
    }
}

/// Collects a part of a form of `content_length` bytes.
async fn collect(
    mut field: Field<'_>,
    content_length: usize,
    searched: &AtomicUsize,
) -> Result<Vec<u8>, ApiError> {
    let mut whole = Vec::new();
    while let Some(chunk) = field.chunk().await.map_err(to_api_error)? {
        searched.store(0, Relaxed);
        append_chunk(&mut whole, &chunk, content_length);
    }
    Ok(whole)
}

async fn skip(mut field: Field<'_>, searched: &AtomicUsize) -> Result<(), ApiError> {
    while field.chunk().await.map_err(to_api_error)?.is_some() {
        searched.store(0, Relaxed);
    }
    Ok(())
}

fn with_metadata(options: PutOptions, json: &[u8]) -> Result<PutOptions, ApiError> {
    let text = std::str::from_utf8(json)
        .map_err(|_| ApiError::new(Code::InvalidMetadata, "metadata is not UTF-8"))?;
    Ok(options.with_metadata_json(text)?)
}

fn to_api_error(error: multer::Error) -> ApiError {
    match error {
        multer::Error::StreamReadFailed(error) => match error.downcast::<FormError>().map(|error| *error) {
            Ok(FormError::Body(error)) => ApiError::from(error),
            Ok(error @ FormError::NoPart) => ApiError::new(Code::MalformedBody, error.to_string()),
            Err(_) => ApiError::from(BodyError::Broken),
        },
        multer::Error::FieldSizeExceeded { limit, .. } => ApiError::new(
            Code::InvalidMetadata,
            format!("form part \"metadata\" is too long (max {limit} bytes, white space included)"),
        ),
        // The message of any other error may quote the form.
        _ => ApiError::new(Code::MalformedBody, "body is not valid multipart/form-data"),
    }
}

#[cfg(test)]
mod tests {
    use std::{
        sync::atomic::{AtomicUsize, Ordering::Relaxed},
        time::Duration,
    };

    use axum::body::{Body, Bytes};
    use futures_util::stream;

    use super::{CHUNK_BYTES, FixedChunks, MAX_SEARCHED_BYTES, parts};
    use crate::http::{
        body_rules::BodyRules,
        memory::{MIN_BYTES, Memory},
        request_body::RequestBody,
    };

    fn rules() -> BodyRules {
        BodyRules { stall_timeout: Duration::from_secs(30), min_rate: 0, memory: Memory::new(MIN_BYTES) }
    }

    fn in_chunks(text: &[u8], len: usize, sent: &'static AtomicUsize) -> Body {
        let chunks: Vec<_> = text.chunks(len).map(Bytes::copy_from_slice).collect();
        Body::from_stream(stream::iter(chunks.into_iter().map(move |chunk| {
            sent.fetch_add(chunk.len(), Relaxed);
            Ok::<_, std::io::Error>(chunk)
        })))
    }

    #[tokio::test]
    async fn short_chunks_are_gathered_for_the_parser() {
        static SENT: AtomicUsize = AtomicUsize::new(0);
        let text: Vec<u8> = (0..1_000_003_u32).map(|index| index.to_le_bytes()[0]).collect();
        for len in [1, 7, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 100_000, text.len()] {
            let rules = rules();
            let mut body = RequestBody::new(in_chunks(&text, len, &SENT), text.len(), &rules).unwrap();
            let mut chunks = FixedChunks::new(&mut body);
            let mut whole = Vec::new();
            let mut count = 0;
            while let Some(chunk) = chunks.next().await.unwrap() {
                whole.extend_from_slice(&chunk);
                count += 1;
            }
            assert!(whole == text && count == text.len().div_ceil(CHUNK_BYTES), "{len}: {count}");
            assert!(chunks.next().await.unwrap().is_none());
        }
    }

    #[tokio::test]
    async fn the_search_for_a_part_is_bounded() {
        static SENT: AtomicUsize = AtomicUsize::new(0);
        let preamble = "x".repeat(1_000_000);
        let headers = format!("--B\r\nx: {}", "y".repeat(1_000_000));
        for text in [preamble, headers] {
            for len in [1, 1000, 100_000] {
                SENT.store(0, Relaxed);
                let rules = rules();
                let body = in_chunks(text.as_bytes(), len, &SENT);
                let mut body = RequestBody::new(body, text.len(), &rules).unwrap();
                parts(&mut body, "B".to_owned()).await.unwrap_err();
                let read = SENT.load(Relaxed);
                assert!(read <= MAX_SEARCHED_BYTES + 4 * CHUNK_BYTES + len, "{len}: {read}");
            }
        }
        // The bound itself is allowed.
        let text = format!(
            "{}\r\n--B\r\nContent-Disposition: form-data; name=\"value\"\r\n\r\nv\r\n--B--\r\n",
            "x".repeat(MAX_SEARCHED_BYTES - 2)
        );
        for len in [1, text.len()] {
            let rules = rules();
            let mut body =
                RequestBody::new(in_chunks(text.as_bytes(), len, &SENT), text.len(), &rules).unwrap();
            assert_eq!(parts(&mut body, "B".to_owned()).await.unwrap().0.unwrap(), b"v");
        }
    }
}
