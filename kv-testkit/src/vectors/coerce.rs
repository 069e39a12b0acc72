//! Coercion of arguments as JavaScript does it, and expansion of the vectors' shorthand.

use std::time::Duration;

use serde_json::Value as Json;

/// Expands `{"repeat": text, "n": times}` (`repeatKey` in metadata) to the text; returns anything else as it
/// is.
pub(super) fn expand(json: &Json) -> Json {
    let repeated = json["repeat"].as_str().or(json["repeatKey"].as_str());
    match repeated {
        Some(text) => {
            Json::from(text.repeat(usize::try_from(whole_number(&json["n"])).expect("it fits in memory")))
        }
        None => json.clone(),
    }
}

/// Coerces an argument to a string. A missing one is `undefined`.
pub(super) fn to_text(argument: Option<&Json>) -> String {
    match argument {
        None => "undefined".to_owned(),
        Some(Json::String(text)) => text.clone(),
        Some(Json::Object(_)) => "[object Object]".to_owned(),
        Some(other) => other.to_string(),
    }
}

/// Coerces an argument to a number of whole seconds. Text that is not a number is 0, and so is a negative
/// number: a `Duration` cannot hold one, and every limit that rejects a negative number rejects 0 too.
pub(super) fn to_seconds(argument: &Json) -> Duration {
    let number = match argument {
        Json::String(text) => text.trim().parse().unwrap_or_default(),
        other => other.as_f64().unwrap_or_default(),
    };
    Duration::try_from_secs_f64(number.trunc()).unwrap_or_default()
}

/// Returns a whole number of the vectors' own.
pub(super) fn whole_number(json: &Json) -> u64 {
    json.as_u64().expect("the vectors hold a whole number here")
}
