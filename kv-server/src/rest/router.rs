//! Cloudflare's REST API.

use std::time::Duration;

use axum::{
    body::Body,
    extract::Request,
    http::{HeaderMap, HeaderValue, Method, Response, header::ALLOW, request::Parts},
};

use crate::{
    protocol::query::Query,
    rest::{
        api_error::ApiError,
        bulk_delete, bulk_get, bulk_write,
        code::Code,
        endpoint::{self, Endpoint, Path},
        keys, metadata, namespaces,
        response::refuse,
        values,
    },
    state::{
        account_id, app_state::AppState, credentials::CredentialsError, in_flight::InFlight,
        precheck::PrecheckError, rate_limits::RateLimits,
    },
};

/// Answers a request.
pub(crate) async fn answer(state: &AppState, request: Request, in_flight: &mut InFlight) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let path = endpoint::merge_slashes(parts.uri.path());
    let endpoint = match admit(state, &path, &parts.headers) {
        Ok(endpoint) => endpoint,
        Err(failure) => return refuse(failure, None),
    };
    in_flight.set_route(endpoint.name());
    if let Some(key) = endpoint.raw_key() {
        in_flight.set_raw_key(key);
    }
    let (quota, is_limited) = match state.rate_limits.as_ref().map(RateLimits::request) {
        None => (None, false),
        Some(Ok(quota)) => (Some(quota), false),
        Some(Err(quota)) => (Some(quota), true),
    };
    let mut response = match quota {
        Some(quota) if is_limited => refuse(ApiError::rate_limited(quota.reset), None),
        _ => handle(state, endpoint, &parts, body).await,
    };
    if let Some(quota) = quota {
        quota.add_headers(response.headers_mut());
    }
    response
}

/// The answer when too many requests are under way.
pub(crate) fn busy() -> Response<Body> {
    let mut failure = ApiError::new(Code::Unavailable, "too many requests are under way: try again");
    failure.retry_after = Some(Duration::from_secs(1));
    refuse(failure, None)
}

/// The answer to a request that is refused before it is known what it asks for.
pub(crate) fn refuse_early(error: PrecheckError) -> Response<Body> {
    let code = match error {
        PrecheckError::Head(_) => Code::InvalidRequest,
        PrecheckError::Foreign(_) => Code::Authentication,
    };
    refuse(ApiError::new(code, error.to_string()), None)
}

/// The endpoint that a request is for, if whoever sent it may use it.
fn admit<'a>(state: &AppState, path: &'a str, headers: &HeaderMap) -> Result<Endpoint<'a>, ApiError> {
    let Some(Path { account_id, endpoint }) = Path::parse(path) else {
        return Err(ApiError::new(Code::NoRoute, "No route for that URI"));
    };
    if !account_id::is_well_formed(account_id) {
        let reason = "Could not route to the account: its id has to be 32 hexadecimal digits";
        return Err(ApiError::new(Code::MalformedAccountId, reason));
    }
    state.credentials.check(headers)?;
    // The answer is the same, since it is nobody's business which accounts there are.
    if !state.account_id.matches(account_id) {
        return Err(CredentialsError::Wrong.into());
    }
    Ok(endpoint)
}

async fn handle(state: &AppState, endpoint: Endpoint<'_>, parts: &Parts, body: Body) -> Response<Body> {
    let query = Query::from_uri(&parts.uri);
    // What HEAD asks about is the answer to GET; its body is left out where answers are sent.
    let method = if parts.method == Method::HEAD { &Method::GET } else { &parts.method };
    let (operation, answer) = match (endpoint, method) {
        // Before what is rarer.
        (Endpoint::Value(id, key), &Method::GET) => ("get", values::get(state, id, key).await),
        (Endpoint::Value(id, key), &Method::PUT) => ("put", values::put(state, id, key, parts, body).await),
        (Endpoint::Value(id, key), &Method::DELETE) => ("remove key", values::delete(state, id, key).await),
        (Endpoint::Metadata(id, key), &Method::GET) => ("get metadata", metadata::get(state, id, key).await),
        (Endpoint::Keys(id), &Method::GET) => ("list keys", keys::list(state, id, query).await),
        (Endpoint::Bulk(id), &Method::PUT) => ("bulk put keys", bulk_write::write(state, id, body).await),
        // The older of the two ways, which wrangler still uses.
        (Endpoint::BulkDelete(id), &Method::POST) | (Endpoint::Bulk(id), &Method::DELETE) => {
            ("bulk remove keys", bulk_delete::delete(state, id, body).await)
        }
        (Endpoint::BulkGet(id), &Method::POST) => ("bulk get keys", bulk_get::get(state, id, body).await),
        (Endpoint::Namespaces, &Method::GET) => ("list namespaces", namespaces::list(state, query).await),
        (Endpoint::Namespaces, &Method::POST) => ("create namespace", namespaces::create(state, body).await),
        (Endpoint::Namespace(id), &Method::GET) => ("get namespace", namespaces::get(state, id).await),
        (Endpoint::Namespace(id), &Method::PUT) => {
            ("rename namespace", namespaces::rename(state, id, body).await)
        }
        (Endpoint::Namespace(id), &Method::DELETE) => {
            ("remove namespace", namespaces::delete(state, id).await)
        }
        _ => return method_not_allowed(endpoint),
    };
    answer.unwrap_or_else(|failure| {
        let failure = match failure.code {
            Code::NamespaceNotFound if !endpoint.has_well_formed_namespace() => {
                ApiError::malformed_namespace_id()
            }
            _ => failure,
        };
        refuse(failure, Some(operation))
    })
}

fn method_not_allowed(endpoint: Endpoint<'_>) -> Response<Body> {
    let failure = ApiError::new(Code::MethodNotAllowed, "Method not allowed for this endpoint");
    let mut response = refuse(failure, None);
    response.headers_mut().insert(ALLOW, HeaderValue::from_static(endpoint.methods()));
    response
}
