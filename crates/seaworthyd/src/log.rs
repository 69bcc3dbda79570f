//! The log: structured lines on standard error. Nothing in it is about a person (see `seaworthy_http::surround`).

use std::io;
use std::panic::PanicHookInfo;

use tracing::error;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::settings::{LogFormat, LogLevel};

/// Begins the log; a second one changes nothing.
pub fn begin(format: LogFormat, level: LogLevel) {
    let level = match level {
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
    };
    // This library tells its log whose passkey was shown.
    let kept = Targets::new()
        .with_default(level)
        .with_targets(["webauthn_rs", "webauthn_rs_core"].map(|target| (target, LevelFilter::OFF)));
    let lines = tracing_subscriber::fmt().with_writer(io::stderr).with_max_level(level).with_target(false);
    let begun = match format {
        LogFormat::Text => lines.with_ansi(false).finish().with(kept).try_init(),
        LogFormat::Json => {
            let lines = lines.json().flatten_event(true).with_current_span(false).with_span_list(false);
            lines.finish().with(kept).try_init()
        }
    };
    // Only fails where a log has begun already.
    drop(begun);
}

/// The place of a panic; what it says may quote data, and stays out.
pub fn panicked(panic: &PanicHookInfo<'_>) {
    let place = panic.location().map(ToString::to_string).unwrap_or_default();
    error!(place, "a fault in Seaworthy; please report it");
}
