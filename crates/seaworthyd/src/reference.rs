//! docs/reference/configuration.md, derived from the settings.

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use clap::Arg;

    use crate::configuration::{PREFIX, table};

    const HEAD: &str = "# Settings of seaworthyd\n\n\
        <!-- Derived from crates/seaworthyd/src/settings.rs: cargo xtask docs -->\n\n\
        Each setting can stand in the file given with `--config` (or `SEAWORTHYD_CONFIG`), in the environment, or on the\n\
        command line; the later of these wins. The file is TOML, one `key = value` a line. Unknown keys are refused, and so\n\
        are unknown names of the environment that begin with `SEAWORTHYD_`.\n\n\
        The command line is visible to everybody on the machine: an address of a database with a password belongs in the\n\
        file or the environment.\n";

    #[test]
    fn the_reference_is_up_to_date() {
        let mut page = HEAD.to_owned();
        for setting in table().get_arguments() {
            section(setting, &mut page);
        }
        seaworthy_testkit::derived::is_up_to_date("docs/reference/configuration.md", &page);
    }

    fn section(setting: &Arg, page: &mut String) {
        let key = setting.get_id().as_str();
        let help = setting.get_help().unwrap().to_string();
        writeln!(page, "\n## `{key}`\n\n{help}.\n").unwrap();
        let name = setting.get_value_names().unwrap().join(" ");
        let value = if setting.is_require_equals_set() { format!("[={name}]") } else { format!(" {name}") };
        writeln!(page, "- flag: `--{}{value}`", key.replace('_', "-")).unwrap();
        writeln!(page, "- environment: `{PREFIX}{}`", key.to_uppercase()).unwrap();
        let words =
            setting.get_possible_values().iter().map(|word| format!("`{}`", word.get_name())).collect::<Vec<_>>();
        if !words.is_empty() {
            writeln!(page, "- one of: {}", words.join(", ")).unwrap();
        }
        match setting.get_default_values() {
            [] => writeln!(page, "- default: none").unwrap(),
            [value, ..] => writeln!(page, "- default: `{}`", value.display()).unwrap(),
        }
    }
}
