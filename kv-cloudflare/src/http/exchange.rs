//! One exchange: a request out, an answer in, both watched so that a line on which nothing moves is given up.

use std::{
    pin::{Pin, pin},
    time::Duration,
};

use bytes::{Bytes, BytesMut};
use futures_util::future::{Either, select};
use reqwest::Response;
use tokio::time::{Instant, Sleep};

use crate::{
    api::{
        attempt_error::{AttemptError, Reason},
        errors,
    },
    http::body::bytes_body::Progress,
    rate_limit::deadline::Deadline,
};

/// The line of one exchange. It is waited for as long as something moves on it, but not beyond the call's deadline.
#[derive(Debug)]
pub(crate) struct Line<'a> {
    /// For how long nothing may move.
    pub(crate) idle: Duration,
    pub(crate) deadline: &'a Deadline,
    /// One for the whole exchange, and set again only when it rings: setting timers is most of what watching costs.
    pub(crate) timer: Pin<&'a mut Sleep>,
}

impl Line<'_> {
    /// Waits for the head of an answer, as long as the body of the request moves on.
    pub(crate) async fn head(
        &mut self,
        exchange: impl Future<Output = reqwest::Result<Response>>,
        progress: &Progress,
    ) -> Result<Response, AttemptError> {
        self.wait(exchange, || progress.last()).await?.map_err(errors::connection)
    }

    /// The whole body, in one buffer of the length that is announced. One of more than `most` bytes is given up, before it is
    /// read if it says so.
    pub(crate) async fn body(&mut self, mut response: Response, most: usize) -> Result<Bytes, AttemptError> {
        let announced = response.content_length().map(|length| usize::try_from(length).unwrap_or(usize::MAX));
        if announced.is_some_and(|length| length > most) {
            return Err(too_long(most));
        }
        let mut body = BytesMut::with_capacity(announced.unwrap_or_default());
        while let Some(chunk) = self.chunk(&mut response).await? {
            if body.len() + chunk.len() > most {
                return Err(too_long(most));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body.freeze())
    }

    /// The start of a body that is read for an error's sake: `most` bytes or a little more, and what is there if the
    /// connection breaks or the wait is over.
    pub(crate) async fn start_of_body(&mut self, mut response: Response, most: usize) -> Vec<u8> {
        let mut body = Vec::new();
        while body.len() < most
            && let Ok(Some(chunk)) = self.chunk(&mut response).await
        {
            body.extend_from_slice(&chunk);
        }
        body
    }

    async fn chunk(&mut self, response: &mut Response) -> Result<Option<Bytes>, AttemptError> {
        let start = Instant::now();
        self.wait(response.chunk(), || start).await?.map_err(errors::connection)
    }

    /// Waits for `step`, while `last` says that something moved lately.
    async fn wait<T>(
        &mut self,
        step: impl Future<Output = T>,
        last: impl Fn() -> Instant,
    ) -> Result<T, AttemptError> {
        let mut step = pin!(step);
        loop {
            if let Either::Left((done, _)) = select(step.as_mut(), self.timer.as_mut()).await {
                return Ok(done);
            }
            let until = self.deadline.at().min(last() + self.idle);
            if until <= Instant::now() {
                let is_late = self.deadline.at() <= until;
                let over =
                    if is_late { errors::timed_out(self.deadline.total()) } else { errors::idle(self.idle) };
                return Err(AttemptError::new(over).because(Reason::TooSlow).with_unknown_outcome());
            }
            self.timer.as_mut().reset(until);
        }
    }
}

fn too_long(most: usize) -> AttemptError {
    let what = format!("more than {most} bytes, where no answer is longer");
    AttemptError::new(errors::unexpected_response(&what)).because(Reason::BodyTooLarge).with_unknown_outcome()
}
