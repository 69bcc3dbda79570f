//! CVSS 3.0 and 3.1 base scores: the specification's §7.1 and §7.4, Appendix A for
//! rounding. Temporal and environmental parts of a vector do not change the base score.

/// The base score of a vector, from 0.0 to 10.0. `None` where it is not a complete
/// CVSS 3 vector.
#[must_use]
pub fn base_score(vector: &str) -> Option<f32> {
    let metrics = vector.strip_prefix("CVSS:3.1/").or_else(|| vector.strip_prefix("CVSS:3.0/"))?;
    let value = |name: &str| {
        let mut found = metrics.split('/').filter_map(|metric| metric.split_once(':'));
        found.find(|(key, _)| *key == name).map(|(_, value)| value)
    };
    let changed = match value("S")? {
        "U" => false,
        "C" => true,
        _ => return None,
    };
    let weight = |name: &str, table: &[(&str, f64)]| {
        let wanted = value(name)?;
        table.iter().find(|(key, _)| *key == wanted).map(|(_, weight)| *weight)
    };
    let privileges: &[_] = if changed { &PRIVILEGES_CHANGED } else { &PRIVILEGES };
    let exploitability = 8.22
        * weight("AV", &ATTACK_VECTOR)?
        * weight("AC", &ATTACK_COMPLEXITY)?
        * weight("PR", privileges)?
        * weight("UI", &USER_INTERACTION)?;
    let kept = ["C", "I", "A"].into_iter().try_fold(1.0, |kept, name| Some(kept * (1.0 - weight(name, &IMPACT)?)))?;
    let base: f64 = 1.0 - kept;
    let impact = if changed { 7.52 * (base - 0.029) - 3.25 * (base - 0.02).powi(15) } else { 6.42 * base };
    if impact <= 0.0 {
        return Some(0.0);
    }
    let factor = if changed { 1.08 } else { 1.0 };
    Some(round_up((factor * (impact + exploitability)).min(10.0)))
}

/// The smallest number with one decimal that is not below, immune to binary fractions.
fn round_up(score: f64) -> f32 {
    let scaled = (score * 100_000.0).round();
    let tenths = (scaled / 10_000.0).ceil();
    #[expect(clippy::cast_possible_truncation, reason = "a multiple of a tenth up to ten")]
    let rounded = (tenths / 10.0) as f32;
    rounded
}

const ATTACK_VECTOR: [(&str, f64); 4] = [("N", 0.85), ("A", 0.62), ("L", 0.55), ("P", 0.2)];
const ATTACK_COMPLEXITY: [(&str, f64); 2] = [("L", 0.77), ("H", 0.44)];
const PRIVILEGES: [(&str, f64); 3] = [("N", 0.85), ("L", 0.62), ("H", 0.27)];
const PRIVILEGES_CHANGED: [(&str, f64); 3] = [("N", 0.85), ("L", 0.68), ("H", 0.5)];
const USER_INTERACTION: [(&str, f64); 2] = [("N", 0.85), ("R", 0.62)];
const IMPACT: [(&str, f64); 3] = [("H", 0.56), ("L", 0.22), ("N", 0.0)];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_scores() {
        for (vector, score) in [
            ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", 9.8),
            ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H", 10.0),
            ("CVSS:3.0/AV:L/AC:H/PR:L/UI:N/S:U/C:N/I:N/A:L", 2.5),
            ("CVSS:3.1/AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N", 6.1),
            ("CVSS:3.1/AV:L/AC:L/PR:L/UI:N/S:U/C:H/I:H/A:H/E:P/RL:O", 7.8),
            ("CVSS:3.1/AV:P/AC:H/PR:H/UI:R/S:U/C:N/I:N/A:N", 0.0),
            ("CVSS:3.1/AV:N/AC:H/PR:N/UI:N/S:U/C:L/I:L/A:L", 5.6),
        ] {
            assert_eq!(base_score(vector), Some(score), "{vector}");
        }
    }

    #[test]
    fn incomplete_vectors_have_no_score() {
        assert_eq!(base_score("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H"), None);
        assert_eq!(base_score("CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N"), None);
        assert_eq!(base_score("AV:N/AC:L/Au:N/C:P/I:P/A:P"), None);
    }
}
