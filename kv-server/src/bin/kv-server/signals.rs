//! Signals that stop the process.

use std::{convert::Infallible, io};

/// Exit code after a signal during startup, or a second signal: the one with which a shell reports SIGINT.
pub(crate) const EXIT_CODE: u8 = 130;

/// Ctrl-C, and SIGTERM on Unix.
pub(crate) struct Signals {
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
    #[cfg(windows)]
    interrupt: tokio::signal::windows::CtrlC,
}

impl Signals {
    /// Registers the handlers. From now on the signals no longer end the process by themselves.
    #[cfg(unix)]
    pub(crate) fn new() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};

        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    /// Registers the handler. From now on Ctrl-C no longer ends the process by itself.
    #[cfg(windows)]
    pub(crate) fn new() -> io::Result<Self> {
        Ok(Self { interrupt: tokio::signal::windows::ctrl_c()? })
    }

    /// Waits for the next signal, and ends the process at once.
    pub(crate) async fn end_at_once(&mut self) -> Infallible {
        self.next().await;
        std::process::exit(EXIT_CODE.into());
    }

    /// Waits for the next signal.
    #[cfg(unix)]
    pub(crate) async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }

    /// Waits for the next signal.
    #[cfg(windows)]
    pub(crate) async fn next(&mut self) {
        self.interrupt.recv().await;
    }
}
