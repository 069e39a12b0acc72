//! Spare file descriptor, for connections that come when the process has no other left.

use std::{fs::File, io};

/// File that is kept open for its descriptor alone. When no descriptor is left, it is closed, so that the
/// next connection can be accepted and answered 503 instead of waiting without an answer.
#[derive(Debug)]
pub(crate) struct SpareDescriptor {
    file: Option<File>,
    is_used: bool,
}

impl SpareDescriptor {
    pub(crate) fn new() -> Self {
        Self { file: open(), is_used: false }
    }

    /// Opens the file again if it was closed and a descriptor is free.
    pub(crate) fn restore(&mut self) {
        if self.is_used {
            self.file = open();
            self.is_used = self.file.is_none();
        }
    }

    /// `true` while the descriptor serves a connection.
    pub(crate) const fn is_used(&self) -> bool {
        self.is_used
    }

    /// `true` if `error` says that the process or the machine has no descriptor left.
    fn is_exhausted(error: &io::Error) -> bool {
        // EMFILE and ENFILE, the same numbers on every Unix; the standard library has no kinds for them.
        cfg!(unix) && matches!(error.raw_os_error(), Some(24 | 23))
    }

    /// Closes the file if `error` says that no descriptor is left. Returns `true` if that freed one.
    pub(crate) fn use_up(&mut self, error: &io::Error) -> bool {
        if !Self::is_exhausted(error) {
            return false;
        }
        let was_open = self.file.take().is_some();
        self.is_used |= was_open;
        was_open
    }
}

fn open() -> Option<File> {
    File::open("/dev/null").ok()
}
