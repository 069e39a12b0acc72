//! What a caller may pass as a value.

use bytes::Bytes;

use crate::types::{
    invalid_input::InvalidInput,
    value::{Value, check},
};

/// Bytes that a caller may pass as a value.
///
/// [`Bytes`], `Vec<u8>`, `String` and [`Value`] are moved. `&str`, `&[u8]`, `&[u8; N]`, `&String`, `&Vec<u8>` are
/// copied, after their length was found good. `&Value` and `&Bytes` share the memory. The trait is sealed.
pub trait IntoValue: sealed::Sealed {
    /// The value.
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
