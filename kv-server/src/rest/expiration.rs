//! Expiration of an entry, from the parameters or members `expiration` and `expiration_ttl`.

use std::time::Duration;

use kv_core::{Expiration, Timestamp};

use crate::{
    protocol::{query::Query, whole_number},
    rest::{api_error::ApiError, code::Code},
};

/// Number of seconds that a client sent.
#[derive(Debug, Clone, Copy)]
pub(super) enum Seconds {
    Whole(u64),
    /// Negative, fractional, or not a number.
    Invalid,
}

impl Seconds {
    /// Parses the text of a parameter or of a JSON value.
    pub(super) fn parse(text: &str) -> Self {
        whole_number::parse(text).map_or(Self::Invalid, Self::Whole)
    }
}

/// Reads the expiration from a query.
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

/// Resolves a TTL and an absolute expiration: the TTL wins, and the other is not even checked. A time after
/// the last [`Timestamp`] becomes the last one, in both forms.
pub(super) fn resolve(
    ttl: Option<Seconds>,
    expires_at: Option<Seconds>,
    now: Timestamp,
) -> Result<Option<Expiration>, ApiError> {
    match (ttl, expires_at) {
        (Some(Seconds::Whole(seconds)), _) => Ok(Some(Expiration::after(Duration::from_secs(seconds))?)),
        (Some(Seconds::Invalid), _) => Err(not_seconds("expiration_ttl", Code::InvalidExpirationTtl)),
        (None, Some(Seconds::Whole(seconds))) => {
            let expires_at = Timestamp::EPOCH.saturating_add(Duration::from_secs(seconds));
            Ok(Some(Expiration::at(expires_at, now)?))
        }
        (None, Some(Seconds::Invalid)) => Err(not_seconds("expiration", Code::InvalidExpiration)),
        (None, None) => Ok(None),
    }
}

fn not_seconds(name: &str, code: Code) -> ApiError {
    ApiError::new(code, format!("{name} must be a whole number of seconds"))
}
