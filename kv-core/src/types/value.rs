//! Value of an entry, and the types that convert into one.

use std::{borrow::Cow, fmt, ops::Deref};

use bytes::Bytes;
use serde::{Serialize, de::DeserializeOwned};

use crate::types::{
    error::{BACKEND, Error, ErrorKind, Result},
    invalid_input::InvalidInput,
    json, limits,
};

/// Value of an entry: 0 to 26,214,400 bytes (25 MiB). Cheap to clone.
///
/// It derefs to its bytes and compares with bytes and text. `Debug` shows its length alone.
///
/// ```
/// use kv_core::Value;
///
/// let value = Value::new("dark")?;
/// assert_eq!(value.text()?, "dark");
/// assert_eq!(value, "dark");
/// assert_eq!(&value[..2], b"da");
/// # Ok::<(), kv_core::Error>(())
/// ```
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct Value(Bytes);

pub(crate) const fn check(len: usize) -> Result<(), InvalidInput> {
    if len > limits::MAX_VALUE_BYTES {
        return Err(InvalidInput::ValueTooLong { len });
    }
    Ok(())
}

impl Value {
    /// Takes the bytes of `value`; [`IntoValue`] lists the types that are moved and those that are copied.
    ///
    /// # Errors
    ///
    /// [`InvalidInput::ValueTooLong`], before the bytes are copied.
    pub fn new(value: impl IntoValue) -> Result<Self, InvalidInput> {
        value.into_value()
    }

    pub(crate) fn from_bytes(bytes: Bytes) -> Result<Self, InvalidInput> {
        check(bytes.len())?;
        Ok(Self(bytes))
    }

    /// Returns the value of a literal, without a copy.
    ///
    /// # Panics
    ///
    /// If it is longer than 25 MiB; in a `const`, at compile time.
    #[must_use]
    pub const fn from_static(bytes: &'static [u8]) -> Self {
        assert!(check(bytes.len()).is_ok(), "a value has at most 26,214,400 bytes");
        Self(Bytes::from_static(bytes))
    }

    /// Writes `value` as compact JSON.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Codec`] if its `Serialize` fails, [`ErrorKind::InvalidInput`] if the text is longer than
    /// 25 MiB.
    pub fn from_json<T: Serialize + ?Sized>(value: &T) -> Result<Self> {
        let text = serde_json::to_vec(value).map_err(|error| json::encode_error(&error))?;
        Ok(Self::new(text)?)
    }

    /// Decodes the bytes as the JSON of a `T`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Codec`]; its message names the line and column, never the text.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T> {
        serde_json::from_slice(&self.0).map_err(|error| json::decode_error("value", &error))
    }

    /// Returns the bytes as text.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Codec`] if they are not UTF-8.
    pub fn text(&self) -> Result<&str> {
        std::str::from_utf8(&self.0).map_err(|error| not_text(self.0.len(), error))
    }

    /// Returns the bytes as owned text, without a copy if the memory is not shared.
    ///
    /// # Errors
    ///
    /// As [`Value::text`].
    pub fn into_text(self) -> Result<String> {
        let len = self.0.len();
        String::from_utf8(self.0.into()).map_err(|error| not_text(len, error.utf8_error()))
    }

    /// Returns the bytes as text, with U+FFFD for invalid UTF-8, as the Workers binding's `get(key)` does.
    #[must_use]
    pub fn to_text_lossy(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.0)
    }

    /// Returns the shared bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &Bytes {
        &self.0
    }

    /// Returns the bytes by value.
    #[must_use]
    pub fn into_bytes(self) -> Bytes {
        self.0
    }
}

fn not_text(len: usize, error: std::str::Utf8Error) -> Error {
    let message = format!("value is not UTF-8 text: invalid at byte {} of {len}", error.valid_up_to());
    Error::new(ErrorKind::Codec, BACKEND, message)
}

impl Deref for Value {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl AsRef<[u8]> for Value {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl From<Value> for Bytes {
    fn from(value: Value) -> Self {
        value.0
    }
}

impl PartialEq<[u8]> for Value {
    fn eq(&self, other: &[u8]) -> bool {
        self.0 == other
    }
}

impl<const N: usize> PartialEq<[u8; N]> for Value {
    fn eq(&self, other: &[u8; N]) -> bool {
        self.0 == other[..]
    }
}

impl PartialEq<Vec<u8>> for Value {
    fn eq(&self, other: &Vec<u8>) -> bool {
        self.0 == other
    }
}

impl PartialEq<str> for Value {
    fn eq(&self, other: &str) -> bool {
        self.0 == other
    }
}

impl<T: ?Sized> PartialEq<&T> for Value
where
    Self: PartialEq<T>,
{
    fn eq(&self, other: &&T) -> bool {
        *self == **other
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Value({} bytes)", self.0.len())
    }
}

/// Bytes that callers may pass as a value.
///
/// [`Bytes`], `Vec<u8>`, `String` and [`Value`] are moved. `&str`, `&[u8]`, `&[u8; N]`, `&String`, `&Vec<u8>`
/// are copied, after their length was checked. `&Value` and `&Bytes` share the memory. The trait is sealed.
pub trait IntoValue: sealed::Sealed {
    /// Converts into a value.
    ///
    /// # Errors
    ///
    /// [`InvalidInput::ValueTooLong`].
    fn into_value(self) -> Result<Value, InvalidInput>;
}

impl IntoValue for Value {
    fn into_value(self) -> Result<Value, InvalidInput> {
        Ok(self)
    }
}

impl IntoValue for &Value {
    fn into_value(self) -> Result<Value, InvalidInput> {
        Ok(self.clone())
    }
}

impl IntoValue for Bytes {
    fn into_value(self) -> Result<Value, InvalidInput> {
        Value::from_bytes(self)
    }
}

impl IntoValue for &Bytes {
    fn into_value(self) -> Result<Value, InvalidInput> {
        Value::from_bytes(self.clone())
    }
}

impl IntoValue for Vec<u8> {
    fn into_value(self) -> Result<Value, InvalidInput> {
        Value::from_bytes(self.into())
    }
}

impl IntoValue for String {
    fn into_value(self) -> Result<Value, InvalidInput> {
        Value::from_bytes(self.into())
    }
}

impl IntoValue for &[u8] {
    fn into_value(self) -> Result<Value, InvalidInput> {
        check(self.len())?;
        Value::from_bytes(Bytes::copy_from_slice(self))
    }
}

impl<const N: usize> IntoValue for &[u8; N] {
    fn into_value(self) -> Result<Value, InvalidInput> {
        self.as_slice().into_value()
    }
}

impl IntoValue for &Vec<u8> {
    fn into_value(self) -> Result<Value, InvalidInput> {
        self.as_slice().into_value()
    }
}

impl IntoValue for &str {
    fn into_value(self) -> Result<Value, InvalidInput> {
        self.as_bytes().into_value()
    }
}

impl IntoValue for &String {
    fn into_value(self) -> Result<Value, InvalidInput> {
        self.as_bytes().into_value()
    }
}

mod sealed {
    use bytes::Bytes;

    use crate::types::value::Value;

    pub trait Sealed {}
    impl Sealed for Value {}
    impl Sealed for &Value {}
    impl Sealed for Bytes {}
    impl Sealed for &Bytes {}
    impl Sealed for Vec<u8> {}
    impl Sealed for String {}
    impl Sealed for &[u8] {}
    impl<const N: usize> Sealed for &[u8; N] {}
    impl Sealed for &Vec<u8> {}
    impl Sealed for &str {}
    impl Sealed for &String {}
}
