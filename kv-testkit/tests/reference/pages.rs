//! Pages of the reference backend.

use kv_core::{Cursor, Key, KeyInfo, ListOptions, ListPage, Prefix, Result};

use super::{Defect, Reference, namespace::broken};

/// Returns the page that `options` ask for: the live keys behind the cursor, and a cursor if there are more.
pub(crate) fn page(namespace: &Reference, options: &ListOptions) -> Result<ListPage> {
    let has = |defect| namespace.has(defect);
    let start = match options.start() {
        Err(_) if has(Defect::CursorIsUnchecked) => None,
        start => start?,
    };
    let prefix = options.prefix();
    let state = namespace.open()?;
    if start.is_some_and(|start| has(Defect::CursorNeedsItsKey) && !state.slots.contains_key(start)) {
        return Err(broken());
    }
    let behind = |key: &str| match start {
        Some(start) if has(Defect::CursorRepeatsKey) => key >= start,
        Some(start) => key > start,
        None => true,
    };
    let mut slots: Vec<_> = state.slots.iter().filter(|(key, _)| matches(namespace, prefix, key)).collect();
    if has(Defect::ListsNoMoreThanOnePage) {
        slots.truncate(1000);
    }
    if has(Defect::ScansOneThousandEntries) {
        slots.retain(|(key, _)| behind(key));
        slots.truncate(1000);
    }
    slots.retain(|(key, (entry, _))| behind(key) && (namespace.is_live(entry) || has(Defect::ListsExpired)));
    if start.is_some() && has(Defect::CursorSkipsKey) && !slots.is_empty() {
        slots.remove(0);
    }
    if slots.is_empty() && has(Defect::EmptyListingFails) {
        return Err(broken());
    }
    let limit = if has(Defect::IgnoresLimit) { usize::MAX } else { options.limit() };
    let more = slots.len() > limit;
    slots.truncate(limit);

    let mut keys = Vec::with_capacity(slots.len());
    for (key, (entry, _)) in &slots {
        let expires_at = entry.expires_at.filter(|_| !has(Defect::ListsNoExpiry));
        let info = KeyInfo::new(Key::new(key.as_str())?.into_owned());
        keys.push(info.with_metadata(entry.metadata.clone()).with_expires_at(expires_at));
    }
    let next = keys.last().filter(|_| more).map(|last| Cursor::after(prefix, &last.name));
    if has(Defect::ListsInUtf16Order) {
        keys.sort_by_key(|key| key.name.as_str().encode_utf16().collect::<Vec<_>>());
    }
    if has(Defect::ListsUnordered) {
        keys.sort_by_key(|key| state.slots.get(key.name.as_str()).map(|slot| slot.1.as_u64()));
    }
    Ok(ListPage::new(keys, next))
}

fn matches(namespace: &Reference, prefix: &Prefix, key: &str) -> bool {
    let text = prefix.as_str();
    if namespace.has(Defect::PrefixIsPattern) {
        return is_like(&text.chars().collect::<Vec<_>>(), &key.chars().collect::<Vec<_>>());
    }
    let end = [text, "\u{ffff}"].concat();
    let hidden = (namespace.has(Defect::PrefixEndsTooEarly) && key >= end.as_str())
        || (namespace.has(Defect::PrefixIsNoKey) && key == text)
        || (namespace.has(Defect::EmptyPrefixListsNothing) && text.is_empty());
    prefix.matches(key) && !hidden
}

/// `true` if the start of `text` matches `pattern`, as in SQL's `LIKE pattern || '%'`.
fn is_like(pattern: &[char], text: &[char]) -> bool {
    match (pattern.split_first(), text.split_first()) {
        (None, _) => true,
        (Some(('%', pattern)), None) => is_like(pattern, text),
        (Some(('%', rest)), Some((_, shorter))) => is_like(rest, text) || is_like(pattern, shorter),
        (Some(_), None) => false,
        (Some((expected, pattern)), Some((found, text))) => {
            (*expected == '_' || expected == found) && is_like(pattern, text)
        }
    }
}
