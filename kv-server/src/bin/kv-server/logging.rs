//! Logs, written to stderr by a thread of their own.

use std::{
    io::{self, IsTerminal as _, Write},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
};

use tracing_appender::non_blocking::{NonBlocking, NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::{EnvFilter, fmt, fmt::MakeWriter};

/// Maximum number of lines that wait to be written. More are dropped, and counted.
const MAX_WAITING_LINES: usize = 4096;

const FILTER_ERROR: &str =
    "log filter is malformed: give a level, such as `debug`, or TARGET=LEVEL, such as `kv_server=debug`";

/// Starts logging the events that `filter` passes. On drop, the guard writes the lines that wait, for up to a
/// second.
///
/// A thread of its own writes, so that requests never wait for a reader of stderr.
pub(crate) fn start(filter: &str) -> Result<WorkerGuard, String> {
    let filter = EnvFilter::try_new(filter).map_err(|_| FILTER_ERROR)?;
    let is_terminal = io::stderr().is_terminal();
    let (lines, guard) = lines(io::stderr());
    let stderr = fmt().with_env_filter(filter).with_writer(lines).with_ansi(is_terminal);
    stderr.try_init().map_err(|error| format!("cannot start logging: {error}"))?;
    Ok(guard)
}

/// Numbers of lines that wait, and of lines that were dropped.
#[derive(Debug, Default)]
struct Counts {
    waiting: AtomicUsize,
    dropped: AtomicUsize,
}

/// Writer for log events, which never blocks.
#[derive(Debug, Clone)]
struct Lines {
    queue: NonBlocking,
    counts: Arc<Counts>,
}

/// Writer of the thread.
#[derive(Debug)]
struct Output<W> {
    output: W,
    counts: Arc<Counts>,
}

fn lines<W: Write + Send + 'static>(output: W) -> (Lines, WorkerGuard) {
    let counts = Arc::new(Counts::default());
    // One slot more, for the guard's end message.
    let builder = NonBlockingBuilder::default().buffered_lines_limit(MAX_WAITING_LINES + 1);
    let (queue, guard) = builder.finish(Output { output, counts: Arc::clone(&counts) });
    (Lines { queue, counts }, guard)
}

impl MakeWriter<'_> for Lines {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

impl Write for Lines {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let Counts { waiting, dropped } = &*self.counts;
        if waiting.fetch_add(1, Relaxed) < MAX_WAITING_LINES {
            return self.queue.write(line);
        }
        waiting.fetch_sub(1, Relaxed);
        dropped.fetch_add(1, Relaxed);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<W: Write> Write for Output<W> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.counts.waiting.fetch_sub(1, Relaxed);
        self.output.write_all(line)?;
        let dropped = self.counts.dropped.swap(0, Relaxed);
        if dropped > 0 {
            writeln!(self.output, "kv-server: dropped {dropped} log lines: stderr is read too slowly")?;
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.output.flush()
    }
}

#[cfg(test)]
mod tests {
    use std::{
        io::{self, Write},
        sync::mpsc,
    };

    use super::{MAX_WAITING_LINES, lines};

    /// Pipe that is not read until `go` is dropped.
    struct Pipe {
        go: mpsc::Receiver<()>,
        written: mpsc::Sender<Vec<u8>>,
    }

    impl Write for Pipe {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let _ = self.go.recv();
            let _ = self.written.send(bytes.to_vec());
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn lines_are_dropped_and_counted_while_stderr_is_not_read() {
        let (stop, go) = mpsc::channel();
        let (written, read) = mpsc::channel();
        let (mut lines, guard) = lines(Pipe { go, written });
        let sent = MAX_WAITING_LINES + 1000;
        for _ in 0..sent {
            lines.write_all(b"line\n").unwrap();
        }
        drop(stop);
        drop(guard);
        drop(lines);
        let text = String::from_utf8(read.iter().flatten().collect()).unwrap();
        let dropped: Vec<_> = text
            .lines()
            .filter_map(|line| line.strip_suffix(" log lines: stderr is read too slowly"))
            .collect();
        let dropped: usize = dropped
            .iter()
            .map(|line| line.strip_prefix("kv-server: dropped ").unwrap().parse::<usize>().unwrap())
            .sum();
        assert!((999..=1000).contains(&dropped), "{dropped}");
        assert_eq!(text.lines().filter(|line| *line == "line").count() + dropped, sent);
    }
}
