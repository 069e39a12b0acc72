//! One exchange: a request out, an answer in, both watched so that a line on which nothing moves is given up.

use std::{pin::pin, time::Duration};

use bytes::{Bytes, BytesMut};
use reqwest::Response;
use tokio::time::{timeout, timeout_at};

use crate::{
    error,
    failure::{Failure, Reason},
    upload::Progress,
};

/// Waits for the head of an answer, until `idle` is over since the body moved on last.
pub(crate) async fn head(
    exchange: impl Future<Output = reqwest::Result<Response>>,
    progress: &Progress,
    idle: Duration,
) -> Result<Response, Failure> {
    let mut exchange = pin!(exchange);
    loop {
        let last = progress.last();
        if let Ok(answer) = timeout_at(last + idle, exchange.as_mut()).await {
            return answer.map_err(error::connection);
        }
        if progress.last() == last {
            return Err(Failure::new(error::idle(idle)).with_unknown_outcome());
        }
    }
}

/// The whole body, in one buffer of the length that is announced. One of more than `most` bytes is given up, before it is read
/// if it says so.
pub(crate) async fn body(mut response: Response, most: usize, idle: Duration) -> Result<Bytes, Failure> {
    let announced = response.content_length().map(|length| usize::try_from(length).unwrap_or(usize::MAX));
    if announced.is_some_and(|length| length > most) {
        return Err(too_long(most));
    }
    let mut body = BytesMut::with_capacity(announced.unwrap_or_default());
    while let Some(chunk) = chunk(&mut response, idle).await? {
        if body.len() + chunk.len() > most {
            return Err(too_long(most));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}

/// The start of a body that is read for an error's sake: `most` bytes or a little more, and what is there if the connection
/// breaks.
pub(crate) async fn start_of_body(mut response: Response, most: usize, idle: Duration) -> Vec<u8> {
    let mut body = Vec::new();
    while body.len() < most
        && let Ok(Some(chunk)) = chunk(&mut response, idle).await
    {
        body.extend_from_slice(&chunk);
    }
    body
}

async fn chunk(response: &mut Response, idle: Duration) -> Result<Option<Bytes>, Failure> {
    let chunk = timeout(idle, response.chunk()).await;
    let chunk = chunk.map_err(|_| Failure::new(error::idle(idle)).with_unknown_outcome())?;
    chunk.map_err(error::connection)
}

fn too_long(most: usize) -> Failure {
    let what = format!("more than {most} bytes, where no answer is longer");
    Failure::new(error::not_understood(&what)).because(Reason::AnswerTooLong).with_unknown_outcome()
}
