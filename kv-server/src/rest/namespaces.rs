//! Endpoints of namespaces.

use axum::body::Body;
use kv_core::{Jurisdiction, NamespaceInfo, NamespaceTitle, limits};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::{
    protocol::{json_input::FromObject, json_output, query::Query, whole_number},
    rest::{
        api_error::ApiError,
        code::Code,
        envelope, extract,
        response::{self, ApiResult},
    },
    state::app_state::AppState,
};

/// Maximum number of namespaces in a page.
const MAX_PER_PAGE: usize = 1000;
/// Default number of namespaces in a page.
const DEFAULT_PER_PAGE: usize = 20;
/// Memory that is reserved for a page: several times that of one with the longest titles.
const MAX_PAGE_BYTES: usize = limits::MAX_VALUE_BYTES;

#[derive(Serialize)]
struct NamespaceJson<'a> {
    id: &'a str,
    title: &'a str,
    /// `false` only for very old namespaces of Cloudflare's, in which escapes are part of the key.
    supports_url_encoding: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    jurisdiction: Option<&'static str>,
}

impl<'a> From<&'a NamespaceInfo> for NamespaceJson<'a> {
    fn from(info: &'a NamespaceInfo) -> Self {
        Self {
            id: info.id.as_str(),
            title: info.title.as_str(),
            supports_url_encoding: true,
            jurisdiction: info.jurisdiction.map(Jurisdiction::as_str),
        }
    }
}

#[derive(Serialize)]
struct PageInfo {
    count: usize,
    page: usize,
    per_page: usize,
    total_count: usize,
}

/// Returns a page of namespaces. A page past the end is empty, which tells clients to stop.
pub(super) async fn list(state: &AppState, query: Query<'_>) -> ApiResult {
    let page = number(query, "page", 1, usize::MAX, Code::InvalidPage)?;
    let per_page = number(query, "per_page", DEFAULT_PER_PAGE, MAX_PER_PAGE, Code::InvalidPerPage)?;
    let by_title = choice(query, "order", ["id", "title"], Code::InvalidOrder)?;
    let descending = choice(query, "direction", ["asc", "desc"], Code::InvalidDirection)?;

    let skipped = (page - 1).saturating_mul(per_page);
    let read = || async {
        let mut infos = state.store.list_namespaces().await?;
        infos.sort_unstable_by(|a, b| {
            let order = if by_title { a.title.cmp(&b.title) } else { a.id.cmp(&b.id) };
            if descending { order.reverse() } else { order }
        });
        let namespaces: Vec<_> = infos.iter().skip(skipped).take(per_page).map(NamespaceJson::from).collect();
        let info = PageInfo { count: namespaces.len(), page, per_page, total_count: infos.len() };
        let json = envelope::page(&namespaces, info)?;
        let len = json.len();
        Ok::<_, ApiError>((json, len))
    };
    let (json, reservation) = state.memory().with_reservation(MAX_PAGE_BYTES, read).await?;
    Ok(json_output::respond_reserved(json, reservation))
}

/// Creates a namespace, in a jurisdiction if the body names one.
pub(super) async fn create(state: &AppState, body: Body) -> ApiResult {
    let request = NamespaceRequest::read(state, body).await?;
    let title = request.title()?;
    let info = match request.jurisdiction()? {
        Some(jurisdiction) => state.store.create_namespace_in(title, jurisdiction).await?,
        None => state.store.create_namespace(title).await?,
    };
    state.titles.insert(&info);
    response::success(NamespaceJson::from(&info))
}

/// Returns a namespace.
pub(super) async fn get(state: &AppState, id: &str) -> ApiResult {
    let info = state.store.namespace_info(&extract::namespace_id(id)?).await?;
    response::success(NamespaceJson::from(&info))
}

/// Changes the title of a namespace.
pub(super) async fn rename(state: &AppState, id: &str, body: Body) -> ApiResult {
    let id = extract::namespace_id(id)?;
    let title = NamespaceRequest::read(state, body).await?.title()?;
    let info = state.store.rename_namespace(&id, title).await?;
    state.titles.insert(&info);
    response::success(NamespaceJson::from(&info))
}

/// Deletes a namespace with its entries.
pub(super) async fn delete(state: &AppState, id: &str) -> ApiResult {
    state.store.delete_namespace(&extract::namespace_id(id)?).await?;
    response::success(())
}

/// Members of a request that creates or renames a namespace. One that is not a string is the empty string.
#[derive(Debug)]
struct NamespaceRequest {
    title: Option<String>,
    jurisdiction: Option<String>,
}

/// The same members as JSON. Parsed as values, they could take many times their length.
#[derive(Deserialize)]
struct RawNamespaceRequest<'a> {
    #[serde(borrow)]
    title: Option<&'a RawValue>,
    #[serde(borrow)]
    jurisdiction: Option<&'a RawValue>,
}

impl NamespaceRequest {
    async fn read(state: &AppState, body: Body) -> Result<Self, ApiError> {
        let body = extract::small_body(state, body).await?;
        let FromObject(raw) = serde_json::from_slice::<FromObject<RawNamespaceRequest<'_>>>(&body)
            .map_err(|error| ApiError::malformed_json("a JSON object with a title", &error))?;
        let string = |json: &RawValue| serde_json::from_str(json.get()).unwrap_or_default();
        Ok(Self { title: raw.title.map(string), jurisdiction: raw.jurisdiction.map(string) })
    }

    fn title(&self) -> Result<NamespaceTitle, ApiError> {
        let title = self.title.as_deref().filter(|title| !title.is_empty());
        let title = title
            .ok_or_else(|| ApiError::new(Code::InvalidTitle, "title is missing, empty or not a string"))?;
        Ok(NamespaceTitle::new(title)?)
    }

    fn jurisdiction(&self) -> Result<Option<Jurisdiction>, ApiError> {
        let jurisdiction = self.jurisdiction.as_deref().map(str::parse::<Jurisdiction>).transpose();
        jurisdiction.map_err(|invalid| ApiError::from(invalid).at("/jurisdiction".into()))
    }
}

/// Returns a parameter that is a number from 1 to `max`.
fn number(query: Query<'_>, name: &str, default: usize, max: usize, code: Code) -> Result<usize, ApiError> {
    let invalid = || {
        let range = if max == usize::MAX { "1 or more".to_owned() } else { format!("from 1 to {max}") };
        ApiError::new(code, format!("{name} must be a number, {range}"))
    };
    match query.get(name).map_err(|_| invalid())? {
        None => Ok(default),
        Some(text) => {
            let number =
                whole_number::parse(&text).map(|number| usize::try_from(number).unwrap_or(usize::MAX));
            number.filter(|number| (1..=max).contains(number)).ok_or_else(invalid)
        }
    }
}

/// Returns `true` if a parameter is the second of its two values, in any case; the first is the default.
fn choice(query: Query<'_>, name: &str, values: [&str; 2], code: Code) -> Result<bool, ApiError> {
    let invalid = || ApiError::new(code, format!("{name} must be {} or {}", values[0], values[1]));
    match query.get(name).map_err(|_| invalid())?.as_deref() {
        None => Ok(false),
        Some(text) => {
            let place = values.iter().position(|value| value.eq_ignore_ascii_case(text));
            place.map(|place| place == 1).ok_or_else(invalid)
        }
    }
}
