//! Expiry of an entry, as the API says it.

use std::time::Duration;

use kv_core::{Expiration, Timestamp};

use crate::{
    protocol::{query::Query, whole_number},
    rest::{api_error::ApiError, code::Code},
};

/// A number of seconds that a client gave.
#[derive(Debug, Clone, Copy)]
pub(super) enum Seconds {
    Whole(u64),
    /// Something else: a negative number, one that is not whole, no number at all.
    Other,
}

impl Seconds {
    /// The number in a parameter, or in JSON.
    pub(super) fn parse(text: &str) -> Self {
        whole_number::parse(text).map_or(Self::Other, Self::Whole)
    }
}

/// What the parameters of a query say.
pub(super) fn from_query(query: Query<'_>, now: Timestamp) -> Result<Option<Expiration>, ApiError> {
    let seconds = |name, code| {
        let text = query.get(name).map_err(|_| not_seconds(name, code))?;
        Ok::<_, ApiError>(text.map(|text| Seconds::parse(&text)))
    };
    resolve(
        seconds("expiration_ttl", Code::InvalidExpirationTtl)?,
        seconds("expiration", Code::InvalidExpiration)?,
        now,
    )
}

/// The expiry that a time to live and a deadline say together: the time to live wins, and the deadline is not even looked at. What
/// is later than the last time that can be kept is that time, however it is said.
pub(super) fn resolve(
    time_to_live: Option<Seconds>,
    deadline: Option<Seconds>,
    now: Timestamp,
) -> Result<Option<Expiration>, ApiError> {
    match (time_to_live, deadline) {
        (Some(Seconds::Whole(seconds)), _) => Ok(Some(Expiration::after(Duration::from_secs(seconds))?)),
        (Some(Seconds::Other), _) => Err(not_seconds("expiration_ttl", Code::InvalidExpirationTtl)),
        (None, Some(Seconds::Whole(seconds))) => {
            let deadline = Timestamp::EPOCH.saturating_add(Duration::from_secs(seconds));
            Ok(Some(Expiration::at(deadline, now)?))
        }
        (None, Some(Seconds::Other)) => Err(not_seconds("expiration", Code::InvalidExpiration)),
        (None, None) => Ok(None),
    }
}

fn not_seconds(name: &str, code: Code) -> ApiError {
    ApiError::new(code, format!("{name} has to be a whole number of seconds, and not below zero"))
}
