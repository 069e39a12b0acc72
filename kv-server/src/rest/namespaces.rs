//! Namespaces.

use axum::{body::Body, http::StatusCode};
use kv_core::{Jurisdiction, NamespaceInfo, NamespaceTitle};
use serde::Serialize;
use serde_json::{Map, Value};

use super::{Answer, code::Code, done, envelope, failure::Failure, json_body, namespace_id};
use crate::{json_output, query::Query, request_body::MAX_SMALL_BYTES, shared::Shared, whole_number};

/// The most namespaces of a page.
const MAX_PER_PAGE: usize = 1000;
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
pub(super) async fn list(shared: &Shared, query: Query<'_>) -> Answer {
    let page = number(query, "page", 1, usize::MAX, Code::InvalidPage)?;
    let per_page = number(query, "per_page", DEFAULT_PER_PAGE, MAX_PER_PAGE, Code::InvalidPerPage)?;
    let by_title = choice(query, "order", ["id", "title"], Code::InvalidOrder)?;
    let descending = choice(query, "direction", ["asc", "desc"], Code::InvalidDirection)?;

    let mut infos = shared.store.list_namespaces().await?;
    infos.sort_unstable_by(|a, b| {
        let order = if by_title { a.title.cmp(&b.title) } else { a.id.cmp(&b.id) };
        if descending { order.reverse() } else { order }
    });
    let skipped = (page - 1).saturating_mul(per_page);
    let namespaces: Vec<_> = infos.iter().skip(skipped).take(per_page).map(Namespace::from).collect();
    let info = Info { count: namespaces.len(), page, per_page, total_count: infos.len() };
    Ok(json_output::respond(StatusCode::OK, envelope::page(&namespaces, info)?))
}

/// Creates a namespace, in a jurisdiction if one is named.
pub(super) async fn create(shared: &Shared, body: Body) -> Answer {
    let members = members(shared, body).await?;
    let title = title(&members)?;
    let info = match jurisdiction(&members)? {
        Some(jurisdiction) => shared.store.create_namespace_in(title, jurisdiction).await?,
        None => shared.store.create_namespace(title).await?,
    };
    shared.titles.note(&info);
    show(&info)
}

/// What there is to say of a namespace.
pub(super) async fn get(shared: &Shared, id: &str) -> Answer {
    show(&shared.store.namespace_info(&namespace_id(id)?).await?)
}

/// Gives a namespace another title.
pub(super) async fn rename(shared: &Shared, id: &str, body: Body) -> Answer {
    let id = namespace_id(id)?;
    let title = title(&members(shared, body).await?)?;
    let info = shared.store.rename_namespace(&id, title).await?;
    shared.titles.note(&info);
    show(&info)
}

/// Deletes a namespace and what is in it.
pub(super) async fn delete(shared: &Shared, id: &str) -> Answer {
    shared.store.delete_namespace(&namespace_id(id)?).await?;
    done()
}

fn show(info: &NamespaceInfo) -> Answer {
    Ok(json_output::respond(StatusCode::OK, envelope::success(Namespace::from(info))?))
}

/// The members of a body; those that are not asked for have no meaning here.
async fn members(shared: &Shared, body: Body) -> Result<Map<String, Value>, Failure> {
    let body = json_body::read(shared, body, MAX_SMALL_BYTES).await?;
    serde_json::from_slice(&body)
        .map_err(|error| Failure::malformed_json("a JSON object with a title", &error))
}

fn title(members: &Map<String, Value>) -> Result<NamespaceTitle, Failure> {
    let title = members
        .get("title")
        .and_then(Value::as_str)
        .ok_or_else(|| Failure::new(Code::InvalidTitle, "the title is missing, or is not a string"))?;
    Ok(NamespaceTitle::new(title)?)
}

/// The jurisdiction, if one is named; `null` names none.
fn jurisdiction(members: &Map<String, Value>) -> Result<Option<Jurisdiction>, Failure> {
    let name = match members.get("jurisdiction") {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::String(name)) => name.as_str(),
        Some(_) => "",
    };
    let jurisdiction = name.parse::<Jurisdiction>();
    jurisdiction.map(Some).map_err(|invalid| Failure::from(invalid).at("/jurisdiction".into()))
}

/// A parameter that is a number from 1 to `max`.
fn number(query: Query<'_>, name: &str, default: usize, max: usize, code: Code) -> Result<usize, Failure> {
    let refused = || Failure::new(code, format!("{name} has to be a number from 1 to {max}"));
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
fn choice(query: Query<'_>, name: &str, values: [&str; 2], code: Code) -> Result<bool, Failure> {
    let refused = || Failure::new(code, format!("{name} has to be {} or {}", values[0], values[1]));
    match query.get(name).map_err(|_| refused())?.as_deref() {
        None => Ok(false),
        Some(text) => {
            let place = values.iter().position(|value| value.eq_ignore_ascii_case(text));
            place.map(|place| place == 1).ok_or_else(refused)
        }
    }
}
