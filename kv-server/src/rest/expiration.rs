//! When an entry is to end, as the API says it.

use std::time::Duration;

use kv_core::{Expiration, Timestamp};

use super::{code::Code, failure::Failure};
use crate::query::Query;

/// A number of seconds that a client gave.
#[derive(Debug, Clone, Copy)]
pub(super) enum Seconds {
    Whole(u64),
    /// Something else: a fraction, a negative number, no number at all.
    Other,
}

impl Seconds {
    fn from_text(text: &str) -> Self {
        text.parse().map_or(Self::Other, Self::Whole)
    }

    /// `None` for JSON `null`.
    pub(super) fn from_json(value: &serde_json::Value) -> Option<Self> {
        match value {
            serde_json::Value::Null => None,
            value => Some(value.as_u64().map_or(Self::Other, Self::Whole)),
        }
    }
}

/// What the parameters of a query say.
pub(super) fn from_query(query: Query<'_>, now: Timestamp) -> Result<Option<Expiration>, Failure> {
    let seconds = |name, code| {
        let text = query.get(name).map_err(|_| not_seconds(name, code))?;
        Ok::<_, Failure>(text.map(|text| Seconds::from_text(&text)))
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
