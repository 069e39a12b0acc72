//! A value and its metadata in one form.

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
        request_body::{RequestBody, append, shrink_if_wasteful},
    },
    rest::{api_error::ApiError, code::Code},
    state::app_state::AppState,
};

/// Bytes that a form may take beyond its value: its metadata, which may be written with much white space, and its boundaries.
const MAX_FRAMING_BYTES: usize = 64 * 1024;
/// Bytes that may come before the parser finds the start of a part, much more than any boundary and its headers take. The
/// parser searches all of that again for each piece.
const MAX_SEARCHED_BYTES: usize = 32 * 1024;
/// Bytes that the parser gets at once, however short the chunks are in which a client sends the form: the work of a search is
/// for a whole piece then, not for a byte.
const PIECE_BYTES: usize = 16 * 1024;

/// Reason for which a form was not read to its end.
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
    state: &AppState,
    content_type: &HeaderValue,
    body: Body,
    options: PutOptions,
) -> Result<(Value, PutOptions, Reservation), ApiError> {
    let boundary = content_type.to_str().ok().and_then(|text| multer::parse_boundary(text).ok());
    let boundary = boundary.ok_or_else(|| {
        ApiError::new(Code::MalformedBody, "the content type of a form has to name its boundary")
    })?;
    let limit = limits::MAX_VALUE_BYTES + MAX_FRAMING_BYTES;
    let mut body = RequestBody::new(body, limit, &state.body_rules)?;
    let (value, metadata) = parts(&mut body, boundary).await?;
    let value = value.ok_or_else(|| ApiError::new(Code::MalformedBody, "the form has no part \"value\""))?;
    let options = match metadata {
        Some(metadata) => with_metadata(options, &metadata)?,
        None => options,
    };
    let mut room = body.into_room();
    room.shrink(value.capacity());
    Ok((Value::new(shrink_if_wasteful(value))?, options, room))
}

/// The parts `value` and `metadata`.
async fn parts(
    body: &mut RequestBody<'_>,
    boundary: String,
) -> Result<(Option<Vec<u8>>, Option<Vec<u8>>), ApiError> {
    let announced = body.announced().unwrap_or_default();
    // The bytes that came since the parser found anything.
    let searched = AtomicUsize::new(0);
    let pieces = stream::try_unfold(Pieces::new(body), async |mut pieces| {
        // The parser takes all that is there before it looks at any of it, so it is given one piece at a time.
        yield_now().await;
        // It may have taken two pieces since it searched.
        if searched.load(Relaxed) > MAX_SEARCHED_BYTES + 2 * PIECE_BYTES {
            return Err(FormError::NothingFound);
        }
        let piece = pieces.next().await?;
        searched.fetch_add(piece.as_ref().map_or(0, Bytes::len), Relaxed);
        Ok(piece.map(|piece| (piece, pieces)))
    });
    let limit = SizeLimit::new().for_field("metadata", MAX_FRAMING_BYTES as u64);
    let mut form = Multipart::with_constraints(pieces, boundary, Constraints::new().size_limit(limit));

    let (mut value, mut metadata) = (None, None);
    while let Some(field) = form.next_field().await.map_err(to_failure)? {
        searched.store(0, Relaxed);
        match field.name() {
            Some("value") if value.is_none() => value = Some(collect(field, announced, &searched).await?),
            Some("metadata") if metadata.is_none() => metadata = Some(collect(field, 0, &searched).await?),
            Some(name @ ("value" | "metadata")) => {
                return Err(ApiError::new(Code::MalformedBody, format!("the form has two parts {name:?}")));
            }
            _ => skip(field, &searched).await?,
        }
    }
    Ok((value, metadata))
}

/// A body in pieces of [`PIECE_BYTES`], the last one excepted.
#[derive(Debug)]
struct Pieces<'a, 'b> {
    body: &'a mut RequestBody<'b>,
    /// Rest of the last chunk.
    rest: Bytes,
    /// The start of a piece, from chunks that are shorter.
    gathered: BytesMut,
    is_over: bool,
}

impl<'a, 'b> Pieces<'a, 'b> {
    fn new(body: &'a mut RequestBody<'b>) -> Self {
        Self { body, rest: Bytes::new(), gathered: BytesMut::new(), is_over: false }
    }

    /// The next piece; `None` at the end.
    async fn next(&mut self) -> Result<Option<Bytes>, BodyError> {
        loop {
            if self.gathered.is_empty() && self.rest.len() >= PIECE_BYTES {
                return Ok(Some(self.rest.split_to(PIECE_BYTES)));
            }
            let missing = PIECE_BYTES - self.gathered.len();
            let more = self.rest.split_to(missing.min(self.rest.len()));
            self.gathered.extend_from_slice(&more);
            if self.gathered.len() == PIECE_BYTES || self.is_over {
                let piece = self.gathered.split().freeze();
                return Ok(Some(piece).filter(|piece| !piece.is_empty()));
            }
            match self.body.chunk().await? {
                Some(chunk) => self.rest = chunk,
                None => self.is_over = true,
            }
        }
    }
}

/// The bytes of a part of a form of which so much was announced.
async fn collect(
    mut field: Field<'_>,
    announced: usize,
    searched: &AtomicUsize,
) -> Result<Vec<u8>, ApiError> {
    let mut whole = Vec::new();
    while let Some(chunk) = field.chunk().await.map_err(to_failure)? {
        searched.store(0, Relaxed);
        append(&mut whole, &chunk, announced);
    }
    Ok(whole)
}

async fn skip(mut field: Field<'_>, searched: &AtomicUsize) -> Result<(), ApiError> {
    while field.chunk().await.map_err(to_failure)?.is_some() {
        searched.store(0, Relaxed);
    }
    Ok(())
}

fn with_metadata(options: PutOptions, json: &[u8]) -> Result<PutOptions, ApiError> {
    let text = std::str::from_utf8(json)
        .map_err(|_| ApiError::new(Code::InvalidMetadata, "metadata has to be JSON: it is not UTF-8"))?;
    Ok(options.with_metadata_json(text)?)
}

fn to_failure(error: multer::Error) -> ApiError {
    match error {
        multer::Error::StreamReadFailed(error) => match error.downcast::<FormError>().map(|error| *error) {
            Ok(FormError::Body(error)) => ApiError::from(error),
            Ok(error @ FormError::NothingFound) => ApiError::new(Code::MalformedBody, error.to_string()),
            Err(_) => ApiError::from(BodyError::Broken),
        },
        multer::Error::FieldSizeExceeded { limit, .. } => ApiError::new(
            Code::InvalidMetadata,
            format!("a part \"metadata\" of more than {limit} bytes is too long, white space and all"),
        ),
        // Its text may quote the form.
        _ => ApiError::new(Code::MalformedBody, "the body is not the form that its content type announces"),
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

    use super::{MAX_SEARCHED_BYTES, PIECE_BYTES, Pieces, parts};
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
    async fn the_parser_gets_as_few_pieces_of_short_chunks_as_of_long_ones() {
        static SENT: AtomicUsize = AtomicUsize::new(0);
        let text: Vec<u8> = (0..1_000_003_u32).map(|index| index.to_le_bytes()[0]).collect();
        for len in [1, 7, PIECE_BYTES - 1, PIECE_BYTES, PIECE_BYTES + 1, 100_000, text.len()] {
            let rules = rules();
            let mut body = RequestBody::new(in_chunks(&text, len, &SENT), text.len(), &rules).unwrap();
            let mut pieces = Pieces::new(&mut body);
            let mut whole = Vec::new();
            let mut count = 0;
            while let Some(piece) = pieces.next().await.unwrap() {
                whole.extend_from_slice(&piece);
                count += 1;
            }
            assert!(whole == text && count == text.len().div_ceil(PIECE_BYTES), "{len}: {count}");
            assert!(pieces.next().await.unwrap().is_none());
        }
    }

    #[tokio::test]
    async fn no_more_is_searched_for_a_part_than_any_has_before_it() {
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
                assert!(read <= MAX_SEARCHED_BYTES + 4 * PIECE_BYTES + len, "{len}: {read}");
            }
        }
        // As much as is allowed is.
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
