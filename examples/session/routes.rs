//! HTTP routes of the service.

use axum::{
    Json, Router,
    extract::{FromRequestParts, State, rejection::JsonRejection},
    http::{
        HeaderMap, HeaderName, StatusCode,
        header::{CACHE_CONTROL, SET_COOKIE},
        request::Parts,
    },
    response::IntoResponse,
    routing::{get, post},
};
use serde::Deserialize;

use crate::{
    api_error::ApiError,
    cookie,
    session_id::SessionId,
    sessions::{Session, Sessions},
    user_name::UserName,
};

pub(crate) fn router(sessions: Sessions) -> Router {
    Router::new()
        .route("/login", post(login))
        .route("/logout", post(logout))
        .route("/me", get(me))
        .route("/sessions", get(own_sessions))
        .with_state(sessions)
}

type Answer<T> = Result<T, ApiError>;

#[derive(Deserialize)]
struct Login {
    // A real service also checks a password or the like.
    user: UserName,
}

async fn login(
    State(sessions): State<Sessions>,
    body: Result<Json<Login>, JsonRejection>,
) -> Answer<impl IntoResponse> {
    let Json(Login { user }) = body?;
    let (id, session) = sessions.begin(user).await?;
    Ok((set_cookie(cookie::keep(id)), Json(session)))
}

async fn me(LoggedIn { id, session }: LoggedIn) -> impl IntoResponse {
    (set_cookie(cookie::keep(id)), Json(session))
}

async fn own_sessions(
    State(sessions): State<Sessions>,
    LoggedIn { id, session }: LoggedIn,
) -> Answer<impl IntoResponse> {
    let own = sessions.of(&session.user, id).await?;
    Ok((set_cookie(cookie::keep(id)), Json(own)))
}

async fn logout(State(sessions): State<Sessions>, headers: HeaderMap) -> Answer<impl IntoResponse> {
    let id = cookie::session_id(&headers).ok_or(ApiError::NotLoggedIn)?;
    sessions.end(id).await?;
    Ok((StatusCode::NO_CONTENT, set_cookie(cookie::forget())))
}

/// The session of a request, renewed. A request without one gets status 401 before its handler runs.
struct LoggedIn {
    id: SessionId,
    session: Session,
}

impl FromRequestParts<Sessions> for LoggedIn {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, sessions: &Sessions) -> Answer<Self> {
        let id = cookie::session_id(&parts.headers).ok_or(ApiError::NotLoggedIn)?;
        let session = sessions.renew(id).await?.ok_or(ApiError::NotLoggedIn)?;
        Ok(Self { id, session })
    }
}

/// Returns the headers that renew the cookie with the session, and keep the response out of caches.
fn set_cookie(cookie: String) -> [(HeaderName, String); 2] {
    [(SET_COOKIE, cookie), (CACHE_CONTROL, "no-store".to_owned())]
}
