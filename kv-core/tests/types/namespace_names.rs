//! `NamespaceTitle` and `NamespaceId`: counted in characters, not in bytes.

use kv_core::{InvalidInput, NamespaceId, NamespaceInfo, NamespaceTitle};
use proptest::prelude::*;

use crate::text::characters_around;

proptest! {
    #[test]
    fn a_title_is_1_to_512_characters(text in characters_around(512)) {
        let rule = match text.chars().count() {
            0 => Err(InvalidInput::NamespaceTitleEmpty),
            chars if chars > 512 => Err(InvalidInput::NamespaceTitleTooLong { chars }),
            _ => Ok(text.as_str()),
        };
        let title = NamespaceTitle::new(text.as_str());
        prop_assert_eq!(title.as_ref().map(NamespaceTitle::as_str).map_err(|error| *error), rule);
        prop_assert_eq!(text.parse(), title.clone());
        if let Ok(title) = title {
            prop_assert_eq!(title.to_string(), text.as_str());
        }
    }

    #[test]
    fn an_id_is_1_to_32_characters(text in characters_around(32)) {
        let rule = match text.chars().count() {
            0 => Err(InvalidInput::NamespaceIdEmpty),
            chars if chars > 32 => Err(InvalidInput::NamespaceIdTooLong { chars }),
            _ => Ok(text.as_str()),
        };
        let id = NamespaceId::new(text.as_str());
        prop_assert_eq!(id.as_ref().map(NamespaceId::as_str).map_err(|error| *error), rule);
        prop_assert_eq!(text.parse(), id.clone());
        if let Ok(id) = id {
            prop_assert_eq!(id.to_string(), text.as_str());
        }
    }
}

#[test]
fn wide_characters_count_once() {
    assert!(NamespaceTitle::new("😀".repeat(512)).is_ok());
    assert_eq!(
        NamespaceTitle::new("😀".repeat(513)),
        Err(InvalidInput::NamespaceTitleTooLong { chars: 513 })
    );
    let info =
        NamespaceInfo::new(NamespaceId::new("€".repeat(32)).unwrap(), NamespaceTitle::new("t").unwrap());
    assert_eq!((info.id.as_str(), info.title.as_str()), ("€".repeat(32).as_str(), "t"));
}
