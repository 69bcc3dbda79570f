//! The release: supported by its vendor until a date that is known today.

use seaworthy_model::{Claims, Code, DateSource, Dated, Distribution, Interval, Reason};

use crate::draft::{Draft, judged};

pub(crate) fn draft(claims: &Claims, lts: bool) -> Draft {
    judged(&claims.distribution, Code::ReleaseSupported, |release| {
        let end = if lts { release.lts_end.max(release.support_end) } else { release.support_end };
        let draft = match end {
            None => Draft::unknown(Code::ReleaseSupported, Reason::ReleaseUnlisted),
            Some(end) => {
                let ends = Some(Dated { at: end, from: DateSource::SupportEnd });
                Draft::pass(Code::ReleaseSupported).failing(end).since(Interval { not_before: ends, by: ends })
            }
        };
        draft.about(name(release))
    })
}

fn name(release: &Distribution) -> String {
    let words = [&release.id, &release.version, &release.codename];
    let words: Vec<&str> = words.into_iter().filter(|word| !word.is_empty()).map(String::as_str).collect();
    words.join(" ")
}
