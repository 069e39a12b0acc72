//! Bodies of requests and responses: whole values, and values that are streamed. They may import from `api`,
//! and from nothing else in `http`.

pub(crate) mod bytes_body;
pub(crate) mod source_body;
pub(crate) mod value_source;
pub(crate) mod value_stream;
