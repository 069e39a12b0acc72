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
        api_error::Failure,
        bulk_delete, bulk_get, bulk_write,
        code::Code,
        endpoint::{self, Endpoint, Path},
        keys, metadata, namespaces,
        response::refuse,
        values,
    },
    state::{
        account_id, app_state::Shared, credentials::CredentialsError, in_flight::InFlight,
        precheck::AdmissionError, rate_limits::RateLimits,
    },
};

/// Answers a request.
pub(crate) async fn answer(shared: &Shared, request: Request, in_flight: &mut InFlight) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let path = endpoint::merge_slashes(parts.uri.path());
    let endpoint = match admit(shared, &path, &parts.headers) {
        Ok(endpoint) => endpoint,
        Err(failure) => return refuse(failure, None),
    };
    in_flight.set_route(endpoint.name());
    if let Some(key) = endpoint.raw_key() {
        in_flight.set_raw_key(key);
    }
    let (standing, is_limited) = match shared.rate_limits.as_ref().map(RateLimits::request) {
        None => (None, false),
        Some(Ok(standing)) => (Some(standing), false),
        Some(Err(standing)) => (Some(standing), true),
    };
    let mut response = match standing {
        Some(standing) if is_limited => refuse(Failure::rate_limited(standing.reset), None),
        _ => handle(shared, endpoint, &parts, body).await,
    };
    if let Some(standing) = standing {
        standing.add_headers(response.headers_mut());
    }
    response
}

/// The answer when too many requests are under way.
pub(crate) fn busy() -> Response<Body> {
    let mut failure = Failure::new(Code::Unavailable, "too many requests are under way: try again");
    failure.retry_after = Some(Duration::from_secs(1));
    refuse(failure, None)
}

/// The answer to a request that is refused before it is known what it asks for.
pub(crate) fn refuse_early(error: AdmissionError) -> Response<Body> {
    let code = match error {
        AdmissionError::Head(_) => Code::InvalidRequest,
        AdmissionError::Foreign(_) => Code::Authentication,
    };
    refuse(Failure::new(code, error.to_string()), None)
}

/// The endpoint that a request is for, if whoever sent it may use it.
fn admit<'a>(shared: &Shared, path: &'a str, headers: &HeaderMap) -> Result<Endpoint<'a>, Failure> {
    let Some(Path { account_id, endpoint }) = Path::parse(path) else {
        return Err(Failure::new(Code::NoRoute, "No route for that URI"));
    };
    if !account_id::is_well_formed(account_id) {
        let reason = "Could not route to the account: its id has to be 32 hexadecimal digits";
        return Err(Failure::new(Code::MalformedAccountId, reason));
    }
    shared.credentials.check(headers)?;
    // The answer is the same, since it is nobody's business which accounts there are.
    if !shared.account_id.matches(account_id) {
        return Err(CredentialsError::Wrong.into());
    }
    Ok(endpoint)
}

async fn handle(shared: &Shared, endpoint: Endpoint<'_>, parts: &Parts, body: Body) -> Response<Body> {
    let query = Query::of(&parts.uri);
    // What HEAD asks about is the answer to GET; its body is left out where answers are sent.
    let method = if parts.method == Method::HEAD { &Method::GET } else { &parts.method };
    let (operation, answer) = match (endpoint, method) {
        // Before what is rarer.
        (Endpoint::Value(id, key), &Method::GET) => ("get", values::get(shared, id, key).await),
        (Endpoint::Value(id, key), &Method::PUT) => ("put", values::put(shared, id, key, parts, body).await),
        (Endpoint::Value(id, key), &Method::DELETE) => ("remove key", values::delete(shared, id, key).await),
        (Endpoint::Metadata(id, key), &Method::GET) => ("get metadata", metadata::get(shared, id, key).await),
        (Endpoint::Keys(id), &Method::GET) => ("list keys", keys::list(shared, id, query).await),
        (Endpoint::Bulk(id), &Method::PUT) => ("bulk put keys", bulk_write::write(shared, id, body).await),
        // The older of the two ways, which wrangler still uses.
        (Endpoint::BulkDelete(id), &Method::POST) | (Endpoint::Bulk(id), &Method::DELETE) => {
            ("bulk remove keys", bulk_delete::delete(shared, id, body).await)
        }
        (Endpoint::BulkGet(id), &Method::POST) => ("bulk get keys", bulk_get::get(shared, id, body).await),
        (Endpoint::Namespaces, &Method::GET) => ("list namespaces", namespaces::list(shared, query).await),
        (Endpoint::Namespaces, &Method::POST) => ("create namespace", namespaces::create(shared, body).await),
        (Endpoint::Namespace(id), &Method::GET) => ("get namespace", namespaces::get(shared, id).await),
        (Endpoint::Namespace(id), &Method::PUT) => {
            ("rename namespace", namespaces::rename(shared, id, body).await)
        }
        (Endpoint::Namespace(id), &Method::DELETE) => {
            ("remove namespace", namespaces::delete(shared, id).await)
        }
        _ => return method_not_allowed(endpoint),
    };
    answer.unwrap_or_else(|failure| {
        let failure = match failure.code {
            Code::NamespaceNotFound if !endpoint.has_well_formed_namespace() => {
                Failure::malformed_namespace_id()
            }
            _ => failure,
        };
        refuse(failure, Some(operation))
    })
}

fn method_not_allowed(endpoint: Endpoint<'_>) -> Response<Body> {
    let failure = Failure::new(Code::MethodNotAllowed, "Method not allowed for this endpoint");
    let mut response = refuse(failure, None);
    response.headers_mut().insert(ALLOW, HeaderValue::from_static(endpoint.methods()));
    response
}
