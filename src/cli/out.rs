//! Standard output, whose reader may go away before everything is said.

use std::fmt::Display;
use std::io::{ErrorKind, Write as _};
use std::process::exit;

/// What a shell reports of a program that wrote to a reader who was gone: 128 and the number of SIGPIPE.
const READER_GONE: i32 = 141;
const CANNOT_WRITE: i32 = 2;

/// One line, or several. Ends the process without a word where nobody reads any more, as in `... | head`.
pub(super) fn say(words: impl Display) {
    // Written at once, for lines are not cut where a follower is stopped.
    let text = format!("{words}\n");
    let mut out = std::io::stdout().lock();
    let said = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    match said {
        Ok(()) => {}
        Err(error) if error.kind() == ErrorKind::BrokenPipe => exit(READER_GONE),
        Err(error) => {
            complain(format_args!("cannot write to standard output: {error}"));
            exit(CANNOT_WRITE);
        }
    }
}

/// One line on standard error; whether anybody reads it changes nothing.
pub(super) fn complain(words: impl Display) {
    let _ = writeln!(std::io::stderr(), "{words}");
}
