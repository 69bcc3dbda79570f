//! How instants, verdicts and devices are written on pages. Colour never says what no word says.

use maud::{Markup, html};
use seaworthy_model::{Interval, Timestamp, Verdict};
use seaworthy_protocol::Digest;
use seaworthy_service::counts::Counts;

/// An instant, to the minute, in UTC.
pub(crate) fn instant(at: Timestamp) -> Markup {
    let text = at.to_string();
    let minutes = text.get(..16).unwrap_or(&text).replacen('T', " ", 1);
    html! { time datetime=(text) { (minutes) " UTC" } }
}

/// An instant that may not be there.
pub(crate) fn instant_or(at: Option<Timestamp>, none: &str) -> Markup {
    match at {
        Some(at) => instant(at),
        None => html! { span class="none" { (none) } },
    }
}

/// A verdict; a device without evidence or policy is not inspected.
pub(crate) fn verdict(verdict: Option<Verdict>) -> Markup {
    let (class, word) = match verdict {
        Some(Verdict::Pass) => ("pass", "Pass"),
        Some(Verdict::Fail) => ("fail", "Fail"),
        Some(Verdict::Unknown) => ("unknown", "Unknown"),
        Some(Verdict::NotApplicable) => ("unknown", "Not applicable"),
        None => ("unknown", "Not inspected"),
    };
    html! { span class={ "verdict " (class) } { (word) } }
}

/// The beginning of a device's id: enough for people, who compare the rest where it matters.
pub(crate) fn short(device: &Digest) -> String {
    device.to_string().chars().take(12).collect()
}

/// What a device is called.
pub(crate) fn called(name: Option<&str>, device: &Digest) -> String {
    name.map_or_else(|| format!("Device {}", short(device)), str::to_owned)
}

/// Counts as a row of figures with their words.
pub(crate) fn counts(counts: &Counts) -> Markup {
    let figures = [
        ("pass", "Pass", counts.pass),
        ("fail", "Fail", counts.fail),
        ("unknown", "Unknown", counts.unknown),
        ("unknown", "Not inspected", counts.not_inspected),
    ];
    html! {
        dl class="counts" {
            @for (class, word, count) in figures { div class=(class) { dt { (word) } dd { (count) } } }
        }
    }
}

/// For how long a lapse stands.
pub(crate) fn lateness(since: &Interval, at: Timestamp) -> String {
    match since.days(at) {
        (Some(least), Some(most)) if least == most => days(least),
        (Some(least), Some(most)) => format!("{least} to {}", days(most)),
        (Some(least), None) => format!("at least {}", days(least)),
        (None, Some(most)) => format!("at most {}", days(most)),
        (None, None) => "not known".to_owned(),
    }
}

fn days(count: i64) -> String {
    if count == 1 { "1 day".to_owned() } else { format!("{count} days") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_are_read_by_people_and_programs() {
        let at = "2026-11-24T14:05:09Z".parse().unwrap();
        let written = instant(at).into_string();
        assert_eq!(written, r#"<time datetime="2026-11-24T14:05:09Z">2026-11-24 14:05 UTC</time>"#);
    }

    #[test]
    fn what_was_never_inspected_is_no_pass() {
        assert!(verdict(None).into_string().contains("Not inspected"));
        assert!(verdict(Some(Verdict::NotApplicable)).into_string().contains("unknown"));
    }
}
