//! A file descriptor for when none is left.

use std::{fs::File, io};

/// A file that is open for nothing but its descriptor. When no other is left, it is closed, so that the next connection
/// can be accepted and told so: it would wait without an answer else.
#[derive(Debug)]
pub(crate) struct SpareDescriptor {
    file: Option<File>,
    is_used: bool,
}

impl SpareDescriptor {
    pub(crate) fn new() -> Self {
        Self { file: open(), is_used: false }
    }

    /// Opens it again, if it is closed and there is a descriptor for it.
    pub(crate) fn restore(&mut self) {
        if self.is_used {
            self.file = open();
            self.is_used = self.file.is_none();
        }
    }

    /// True while its descriptor is in use for something else.
    pub(crate) const fn is_used(&self) -> bool {
        self.is_used
    }

    /// True if `error` says that no descriptor is left, to the process or to the machine.
    fn is_for(error: &io::Error) -> bool {
        // EMFILE and ENFILE, which are the same on every Unix; the standard library has no kind for them.
        cfg!(unix) && matches!(error.raw_os_error(), Some(24 | 23))
    }

    /// Closes it if `error` calls for it; `false` if not, or if it was closed before.
    pub(crate) fn use_up(&mut self, error: &io::Error) -> bool {
        if !Self::is_for(error) {
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
