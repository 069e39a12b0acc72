//! Namespaces.

use axum::{body::Body, http::StatusCode};
use kv_core::{Jurisdiction, NamespaceInfo, NamespaceTitle, limits};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::{
    http::body_rules::MAX_SMALL_BYTES,
    protocol::{json_input::FromObject, json_output, query::Query, whole_number},
    rest::{
        api_error::ApiError,
        code::Code,
        envelope, extract,
        response::{ApiResult, done},
    },
    state::app_state::AppState,
};

/// The most namespaces of a page.
const MAX_PER_PAGE: usize = 1000;
/// Bytes that are reserved while a page is made: several times those of one with the longest titles.
const MAX_LIST_BYTES: usize = limits::MAX_VALUE_BYTES;
/// The namespaces of a page that does not say.
const DEFAULT_PER_PAGE: usize = 20;

#[derive(Serialize)]
struct Namespace<'a> {
    id: &'a str,
    title: &'a str,
    /// That keys are decoded: `false` only for very old namespaces of the service.
    supports_url_encoding: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    jurisdiction: Option<&'static str>,
}

impl<'a> From<&'a NamespaceInfo> for Namespace<'a> {
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
struct Info {
    count: usize,
    page: usize,
    per_page: usize,
    total_count: usize,
}

/// A page of namespaces; one past the end is empty, by which clients know it.
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
        let namespaces: Vec<_> = infos.iter().skip(skipped).take(per_page).map(Namespace::from).collect();
        let info = Info { count: namespaces.len(), page, per_page, total_count: infos.len() };
        let json = envelope::page(&namespaces, info)?;
        let len = json.len();
        Ok::<_, ApiError>((json, len))
    };
    let (json, room) = state.memory().reading(MAX_LIST_BYTES, read).await?;
    let mut response = json_output::respond(StatusCode::OK, json);
    room.attach_to(&mut response);
    Ok(response)
}

/// Creates a namespace, in a jurisdiction if one is named.
pub(super) async fn create(state: &AppState, body: Body) -> ApiResult {
    let members = members(state, body).await?;
    let title = title(&members)?;
    let info = match jurisdiction(&members)? {
        Some(jurisdiction) => state.store.create_namespace_in(title, jurisdiction).await?,
        None => state.store.create_namespace(title).await?,
    };
    state.titles.note(&info);
    show(&info)
}

/// What there is to say of a namespace.
pub(super) async fn get(state: &AppState, id: &str) -> ApiResult {
    show(&state.store.namespace_info(&extract::namespace_id(id)?).await?)
}

/// Gives a namespace another title.
pub(super) async fn rename(state: &AppState, id: &str, body: Body) -> ApiResult {
    let id = extract::namespace_id(id)?;
    let title = title(&members(state, body).await?)?;
    let info = state.store.rename_namespace(&id, title).await?;
    state.titles.note(&info);
    show(&info)
}

/// Deletes a namespace and what is in it.
pub(super) async fn delete(state: &AppState, id: &str) -> ApiResult {
    state.store.delete_namespace(&extract::namespace_id(id)?).await?;
    done()
}

fn show(info: &NamespaceInfo) -> ApiResult {
    Ok(json_output::respond(StatusCode::OK, envelope::success(Namespace::from(info))?))
}

/// The members of a body that have a meaning here, as text; one that is no string is the empty text.
#[derive(Debug)]
struct Members {
    title: Option<String>,
    jurisdiction: Option<String>,
}

/// The same as they stand in the body. Others are passed over: as values they would take many times their length.
#[derive(Deserialize)]
struct RawMembers<'a> {
    #[serde(borrow)]
    title: Option<&'a RawValue>,
    #[serde(borrow)]
    jurisdiction: Option<&'a RawValue>,
}

async fn members(state: &AppState, body: Body) -> Result<Members, ApiError> {
    let body = extract::body(state, body, MAX_SMALL_BYTES).await?;
    let FromObject(raw) = serde_json::from_slice::<FromObject<RawMembers<'_>>>(&body)
        .map_err(|error| ApiError::malformed_json("a JSON object with a title", &error))?;
    let text = |json: &RawValue| serde_json::from_str(json.get()).unwrap_or_default();
    Ok(Members { title: raw.title.map(text), jurisdiction: raw.jurisdiction.map(text) })
}

fn title(members: &Members) -> Result<NamespaceTitle, ApiError> {
    let title = members.title.as_deref().filter(|title| !title.is_empty());
    let title = title
        .ok_or_else(|| ApiError::new(Code::InvalidTitle, "the title is missing, empty, or not a string"))?;
    Ok(NamespaceTitle::new(title)?)
}

/// The jurisdiction; `null` is none.
fn jurisdiction(members: &Members) -> Result<Option<Jurisdiction>, ApiError> {
    let jurisdiction = members.jurisdiction.as_deref().map(str::parse::<Jurisdiction>).transpose();
    jurisdiction.map_err(|invalid| ApiError::from(invalid).at("/jurisdiction".into()))
}

/// A parameter that is a number from 1 to `max`.
fn number(query: Query<'_>, name: &str, default: usize, max: usize, code: Code) -> Result<usize, ApiError> {
    let refused = || ApiError::new(code, format!("{name} has to be a number from 1 to {max}"));
    match query.get(name).map_err(|_| refused())? {
        None => Ok(default),
        Some(text) => {
            let number =
                whole_number::parse(&text).map(|number| usize::try_from(number).unwrap_or(usize::MAX));
            number.filter(|number| (1..=max).contains(number)).ok_or_else(refused)
        }
    }
}

/// `true` if a parameter is the second of its two values, in any case; the first is the default.
fn choice(query: Query<'_>, name: &str, values: [&str; 2], code: Code) -> Result<bool, ApiError> {
    let refused = || ApiError::new(code, format!("{name} has to be {} or {}", values[0], values[1]));
    match query.get(name).map_err(|_| refused())?.as_deref() {
        None => Ok(false),
        Some(text) => {
            let place = values.iter().position(|value| value.eq_ignore_ascii_case(text));
            place.map(|place| place == 1).ok_or_else(refused)
        }
    }
}
