//! dpkg itself, asked about the versions of this machine's packages.

#![expect(clippy::disallowed_methods, reason = "the real dpkg is the judge of our order")]

use std::process::Command;

use seaworthy_versions::dpkg::compare;

fn installed_versions() -> Option<Vec<String>> {
    let output = Command::new("dpkg-query").args(["-W", "-f", "${Version}\n"]).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    Some(text.lines().filter(|line| !line.is_empty()).map(str::to_owned).collect())
}

#[test]
fn dpkg_agrees_on_real_versions() {
    let Some(versions) = installed_versions().filter(|all| all.len() > 10) else {
        eprintln!("SKIPPED dpkg_agrees_on_real_versions: no dpkg here");
        return;
    };
    // 250 pairs: near neighbours (small edits) and far ones.
    for index in 0..250 {
        let left = &versions[index * 7 % versions.len()];
        let right = match index % 3 {
            0 => format!("{left}~"),
            1 => format!("{left}+b1"),
            _ => versions[index * 31 % versions.len()].clone(),
        };
        let less = Command::new("dpkg")
            .args(["--compare-versions", left, "lt", &right])
            .status()
            .expect("dpkg runs")
            .success();
        assert_eq!(compare(left, &right).is_lt(), less, "{left} lt {right}");
    }
}
