//! When an entry is to end, as the API says it.

use std::time::Duration;

use kv_core::{Expiration, Timestamp};

use super::{code::Code, failure::Failure};
use crate::query::Query;

/// A number of seconds that a client gave.
#[derive(Debug, Clone, Copy)]
pub(super) enum Seconds {
    Whole(u64),
    /// Something else: a negative number, one that is not whole, no number at all.
    Other,
}

impl Seconds {
    /// The number in a parameter, or in JSON. `60.0` is a whole number too: it is what a client sends that knows fractions
    /// alone.
    pub(super) fn parse(text: &str) -> Self {
        if let Ok(seconds) = text.parse() {
            return Self::Whole(seconds);
        }
        let duration = text.parse().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
        duration
            .filter(|duration| duration.subsec_nanos() == 0)
            .map_or(Self::Other, |duration| Self::Whole(duration.as_secs()))
    }
}

/// What the parameters of a query say.
pub(super) fn from_query(query: Query<'_>, now: Timestamp) -> Result<Option<Expiration>, Failure> {
    let seconds = |name, code| {
        let text = query.get(name).map_err(|_| not_seconds(name, code))?;
        Ok::<_, Failure>(text.map(|text| Seconds::parse(&text)))
    };
    resolve(
        seconds("expiration_ttl", Code::InvalidExpirationTtl)?,
        seconds("expiration", Code::InvalidExpiration)?,
        now,
    )
}

/// What a time to live and a deadline say together: the time to live wins, and the deadline is not even looked at.
pub(super) fn resolve(
    time_to_live: Option<Seconds>,
    deadline: Option<Seconds>,
    now: Timestamp,
) -> Result<Option<Expiration>, Failure> {
    match (time_to_live, deadline) {
        (Some(Seconds::Whole(seconds)), _) => Ok(Some(Expiration::after(Duration::from_secs(seconds))?)),
        (Some(Seconds::Other), _) => Err(not_seconds("expiration_ttl", Code::InvalidExpirationTtl)),
        (None, Some(Seconds::Whole(seconds))) => {
            Ok(Some(Expiration::at(Timestamp::from_secs(seconds)?, now)?))
        }
        (None, Some(Seconds::Other)) => Err(not_seconds("expiration", Code::InvalidExpiration)),
        (None, None) => Ok(None),
    }
}

fn not_seconds(name: &str, code: Code) -> Failure {
    Failure::new(code, format!("{name} has to be a whole number of seconds, and not below zero"))
}
