//! Router of the REST API: access, endpoint, method, handler.

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
        keys, namespaces, response, values,
    },
    state::{
        account_id, app_state::AppState, credentials::CredentialsError, in_flight::InFlight,
        local_access::AccessError, rate_limits::RateLimits,
    },
};

/// Answers a request.
pub(crate) async fn handle(state: &AppState, request: Request, in_flight: &mut InFlight) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let path = endpoint::merge_slashes(parts.uri.path());
    let endpoint = match authorize(state, &path, &parts.headers) {
        Ok(endpoint) => endpoint,
        Err(error) => return response::error(error, None),
    };
    in_flight.set_route(endpoint.name());
    if let Some(key) = endpoint.raw_key() {
        in_flight.set_raw_key(key);
    }
    let quota = state.rate_limits.as_ref().map(RateLimits::request);
    let mut response = match quota {
        Some(Err(exceeded)) => response::error(ApiError::rate_limited(exceeded.reset), None),
        Some(Ok(_)) | None => call(state, endpoint, &parts, body).await,
    };
    if let Some(Ok(quota) | Err(quota)) = quota {
        quota.add_headers(response.headers_mut());
    }
    response
}

/// Returns the response to a request that exceeds the maximum number of concurrent requests or connections.
pub(crate) fn too_many_requests() -> Response<Body> {
    response::error(ApiError::unavailable("too many concurrent requests: try again later", None), None)
}

/// Returns the response to a request that is refused before its protocol sees it.
pub(crate) fn access_error(error: AccessError) -> Response<Body> {
    response::error(error.into(), None)
}

/// Returns the endpoint of a path, if the credentials are those of its account.
fn authorize<'a>(state: &AppState, path: &'a str, headers: &HeaderMap) -> Result<Endpoint<'a>, ApiError> {
    let Some(Path { account_id, endpoint }) = Path::parse(path) else {
        return Err(ApiError::new(Code::NoRoute, "No route for that URI"));
    };
    if !account_id::is_well_formed(account_id) {
        let reason = "Could not route to the account: its id must be 32 hexadecimal digits";
        return Err(ApiError::new(Code::MalformedAccountId, reason));
    }
    state.credentials.check(headers)?;
    // The same error as for wrong credentials, so that clients do not learn which accounts exist.
    if !state.account_id.matches(account_id) {
        return Err(CredentialsError::Wrong.into());
    }
    Ok(endpoint)
}

/// Calls the handler of an endpoint. Each operation has the name that Cloudflare's messages begin with.
async fn call(state: &AppState, endpoint: Endpoint<'_>, parts: &Parts, body: Body) -> Response<Body> {
    let query = Query::from_uri(&parts.uri);
    // HEAD is answered as GET; the connection leaves the body out.
    let method = if parts.method == Method::HEAD { &Method::GET } else { &parts.method };
    let (operation, result) = match (endpoint, method) {
        // The most frequent ones first.
        (Endpoint::Value(id, key), &Method::GET) => ("get", values::get(state, id, key).await),
        (Endpoint::Value(id, key), &Method::PUT) => ("put", values::put(state, id, key, parts, body).await),
        (Endpoint::Value(id, key), &Method::DELETE) => ("remove key", values::delete(state, id, key).await),
        (Endpoint::Metadata(id, key), &Method::GET) => {
            ("get metadata", values::get_metadata(state, id, key).await)
        }
        (Endpoint::Keys(id), &Method::GET) => ("list keys", keys::list(state, id, query).await),
        (Endpoint::Bulk(id), &Method::PUT) => ("bulk put keys", bulk_write::write(state, id, body).await),
        // The second form is the older one, which wrangler still uses.
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
    result.unwrap_or_else(|error| {
        let error = match error.code {
            Code::NamespaceNotFound if !endpoint.has_well_formed_namespace() => {
                ApiError::malformed_namespace_id()
            }
            _ => error,
        };
        response::error(error, Some(operation))
    })
}

fn method_not_allowed(endpoint: Endpoint<'_>) -> Response<Body> {
    let error = ApiError::new(Code::MethodNotAllowed, "Method not allowed for this endpoint");
    let mut response = response::error(error, None);
    response.headers_mut().insert(ALLOW, HeaderValue::from_static(endpoint.methods()));
    response
}
