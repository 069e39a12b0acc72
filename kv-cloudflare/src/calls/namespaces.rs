//! Calls of an account: creation, listing, renaming and deletion of namespaces.

use std::collections::HashSet;

use kv_core::{ErrorKind, Jurisdiction, NamespaceId, NamespaceInfo, NamespaceTitle, Result};
use reqwest::{Method, Url};
use serde::Serialize;

use crate::{
    api::{
        attempt_error::{AttemptError, Reason},
        errors,
        model::{ApiNamespace, Ignored},
    },
    http::{
        client::Client,
        request::{Payload, Request},
        response::{ApiResponse, SMALL_ENVELOPE_BYTES},
    },
    rate_limit::deadline::Deadline,
};

/// Number of namespaces that one request asks for.
const PER_PAGE: u32 = 100;

/// Largest envelope with a page of namespaces: titles of 512 characters, escaped.
const PAGE_ENVELOPE_BYTES: usize = 4 * 1024 * 1024;

/// Body of a creation or a renaming.
#[derive(Serialize)]
struct TitleBody<'a> {
    title: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    jurisdiction: Option<&'static str>,
}

impl TitleBody<'_> {
    fn payload(&self) -> Result<Payload> {
        let json = serde_json::to_vec(self).map_err(|_| errors::not_json("a title"))?;
        Ok(Payload::Json(json.into()))
    }
}

/// Creates a namespace, in `jurisdiction` if one is given. The response may not say in which one it is.
pub(crate) async fn create(
    client: &Client,
    operation: &'static str,
    title: &NamespaceTitle,
    jurisdiction: Option<Jurisdiction>,
    deadline: &Deadline,
) -> Result<NamespaceInfo, AttemptError> {
    let url = client.urls.namespaces();
    let body = TitleBody { title: title.as_str(), jurisdiction: jurisdiction.map(Jurisdiction::as_str) };
    let body = body.payload().map_err(AttemptError::new)?;
    // A creation that is repeated after it was carried out would find its own namespace, and report that the
    // title is taken.
    let request = Request::new(operation, Method::POST, url).with_body(body).non_idempotent();
    let response = send(client, &request, deadline).await?;
    let created =
        response.result.ok_or_else(|| errors::unexpected_response("a creation without a namespace"));
    let created = created.and_then(ApiNamespace::into_info);
    created.map_err(|error| AttemptError::new(error.with_operation(operation)))
}

/// Creates a namespace in `jurisdiction`. One that the service created elsewhere is deleted again.
pub(crate) async fn create_in(
    client: &Client,
    operation: &'static str,
    title: &NamespaceTitle,
    jurisdiction: Jurisdiction,
    deadline: &Deadline,
) -> Result<NamespaceInfo> {
    let created = match create(client, operation, title, Some(jurisdiction), deadline).await {
        // The request holds nothing else but the title, whose refusal has a code of its own.
        Err(AttemptError { reason: Reason::InvalidRequest, error, .. }) => {
            return Err(errors::jurisdiction_refused(jurisdiction, error).with_operation(operation));
        }
        created => created?,
    };
    if created.jurisdiction == Some(jurisdiction) {
        return Ok(created);
    }
    // The response to a creation may leave the jurisdiction out.
    let known = info(client, operation, &created.id, deadline).await?;
    if known.jurisdiction == Some(jurisdiction) {
        return Ok(known);
    }
    delete(client, operation, &created.id, deadline).await?;
    Err(errors::jurisdiction_ignored(jurisdiction).with_operation(operation))
}

/// Lists all namespaces, page by page.
pub(crate) async fn list(client: &Client, deadline: &Deadline) -> Result<Vec<NamespaceInfo>> {
    let mut listed = Vec::new();
    let mut seen = HashSet::new();
    for page in 1.. {
        let url = client.urls.namespaces_page(page, PER_PAGE);
        let request = Request::new("list_namespaces", Method::GET, url);
        let response =
            client.send_for_json::<Vec<ApiNamespace>>(&request, deadline, PAGE_ENVELOPE_BYTES).await?;
        let before = listed.len();
        for namespace in response.result.unwrap_or_default() {
            let info = namespace.into_info()?;
            if seen.insert(info.id.clone()) {
                listed.push(info);
            }
        }
        // A page without new namespaces ends the loop too: a server without pages would answer the same one
        // for ever.
        let is_complete = response.info.total_count.is_some_and(|total| listed.len() >= total);
        if is_complete || listed.len() == before {
            break;
        }
    }
    Ok(listed)
}

/// Returns title and jurisdiction of a namespace.
pub(crate) async fn info(
    client: &Client,
    operation: &'static str,
    id: &NamespaceId,
    deadline: &Deadline,
) -> Result<NamespaceInfo> {
    let request = Request::new(operation, Method::GET, url(client, id)?);
    let response = send(client, &request, deadline).await?;
    let info = response.result.ok_or_else(|| errors::unexpected_response("a response without the namespace"));
    info.and_then(ApiNamespace::into_info).map_err(|error| error.with_operation(operation))
}

/// Renames a namespace.
pub(crate) async fn rename(
    client: &Client,
    operation: &'static str,
    id: &NamespaceId,
    title: &NamespaceTitle,
    deadline: &Deadline,
) -> Result<NamespaceInfo> {
    let body = TitleBody { title: title.as_str(), jurisdiction: None }.payload()?;
    let request = Request::new(operation, Method::PUT, url(client, id)?).with_body(body);
    let response = send(client, &request, deadline).await?;
    match response.result.filter(ApiNamespace::is_complete) {
        Some(renamed) => renamed.into_info(),
        // Some servers answer `null` or `{}`, which leaves the jurisdiction open.
        None => info(client, operation, id, deadline).await,
    }
}

/// Deletes a namespace.
pub(crate) async fn delete(
    client: &Client,
    operation: &'static str,
    id: &NamespaceId,
    deadline: &Deadline,
) -> Result<()> {
    let request = Request::new(operation, Method::DELETE, url(client, id)?);
    match client.send_for_json::<Ignored>(&request, deadline, SMALL_ENVELOPE_BYTES).await {
        Ok(_) => Ok(()),
        // An earlier attempt was carried out, although its response was lost.
        Err(failure) if failure.error.kind() == ErrorKind::NamespaceNotFound && failure.unknown_outcome => {
            Ok(())
        }
        Err(failure) => Err(failure.error),
    }
}

/// Requests a page of namespaces, which shows that the service can be reached and accepts the credentials.
pub(crate) async fn check_ready(client: &Client, deadline: &Deadline) -> Result<()> {
    let url = client.urls.namespaces_page(1, PER_PAGE);
    let request = Request::new("check_ready", Method::GET, url);
    client.send_for_json::<Ignored>(&request, deadline, PAGE_ENVELOPE_BYTES).await?;
    Ok(())
}

async fn send(
    client: &Client,
    request: &Request<'_>,
    deadline: &Deadline,
) -> Result<ApiResponse<ApiNamespace>, AttemptError> {
    client.send_for_json(request, deadline, SMALL_ENVELOPE_BYTES).await
}

fn url(client: &Client, id: &NamespaceId) -> Result<Url> {
    Ok(client.urls.namespace(id).ok_or_else(errors::namespace_not_found)?.url())
}
