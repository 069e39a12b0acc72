//! What a caller may pass to list.

use crate::types::{
    invalid_input::InvalidInput,
    list::{options::ListOptions, prefix::Prefix},
};

/// What a caller may pass to list: [`ListOptions`], or a prefix alone as [`Prefix`] or text. Sealed.
pub trait IntoListOptions: sealed::Sealed {
    /// The options.
    ///
    /// # Errors
    ///
    /// [`InvalidInput::PrefixTooLong`].
    fn into_list_options(self) -> Result<ListOptions, InvalidInput>;
}

impl IntoListOptions for ListOptions {
    fn into_list_options(self) -> Result<ListOptions, InvalidInput> {
        Ok(self)
    }
}

impl IntoListOptions for Prefix {
    fn into_list_options(self) -> Result<ListOptions, InvalidInput> {
        Ok(self.into())
    }
}

impl IntoListOptions for &Prefix {
    fn into_list_options(self) -> Result<ListOptions, InvalidInput> {
        Ok(self.clone().into())
    }
}

impl IntoListOptions for &str {
    fn into_list_options(self) -> Result<ListOptions, InvalidInput> {
        Prefix::new(self).map(ListOptions::from)
    }
}

impl IntoListOptions for String {
    fn into_list_options(self) -> Result<ListOptions, InvalidInput> {
        Prefix::new(self).map(ListOptions::from)
    }
}

impl IntoListOptions for &String {
    fn into_list_options(self) -> Result<ListOptions, InvalidInput> {
        self.as_str().into_list_options()
    }
}

mod sealed {
    use crate::types::list::{options::ListOptions, prefix::Prefix};

    pub trait Sealed {}
    impl Sealed for ListOptions {}
    impl Sealed for Prefix {}
    impl Sealed for &Prefix {}
    impl Sealed for &str {}
    impl Sealed for String {}
    impl Sealed for &String {}
}
