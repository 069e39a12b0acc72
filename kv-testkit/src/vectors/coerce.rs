//! What JavaScript makes of an argument of another type, and the shorthand of the vectors.

use std::time::Duration;

use serde_json::Value as Json;

/// The text that stands for `{"repeat": text, "n": times}`, or `repeatKey` in metadata; anything else as it is.
pub(super) fn expand(json: &Json) -> Json {
    let repeated = json["repeat"].as_str().or(json["repeatKey"].as_str());
    match repeated {
        Some(text) => {
            Json::from(text.repeat(usize::try_from(whole_number(&json["n"])).expect("it fits in memory")))
        }
        None => json.clone(),
    }
}

/// An argument as a string; a missing one is `undefined`.
pub(super) fn to_text(argument: Option<&Json>) -> String {
    match argument {
        None => "undefined".to_owned(),
        Some(Json::String(text)) => text.clone(),
        Some(Json::Object(_)) => "[object Object]".to_owned(),
        Some(other) => other.to_string(),
    }
}

/// An argument as a number, its fraction dropped, as seconds. What is no number is 0. So is what is below 0: a duration
/// and a timestamp hold nothing less, and 0 is refused wherever a negative number is.
pub(super) fn to_seconds(argument: &Json) -> Duration {
    let number = match argument {
        Json::String(text) => text.trim().parse().unwrap_or_default(),
        other => other.as_f64().unwrap_or_default(),
    };
    Duration::try_from_secs_f64(number.trunc()).unwrap_or_default()
}

/// A number that the vectors write down plainly.
pub(super) fn whole_number(json: &Json) -> u64 {
    json.as_u64().expect("the vectors hold a whole number here")
}
