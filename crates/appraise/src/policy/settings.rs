//! Settings: the checked values of one table, by key.

/// A value that its key's definition has accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Setting {
    Whole(u32),
    Flag(bool),
    Text(String),
}

/// The checked values of one table.
#[derive(Clone, Debug, Default)]
pub struct Settings(Vec<(&'static str, Setting)>);

impl Settings {
    pub(crate) fn set(&mut self, key: &'static str, setting: Setting) {
        self.0.push((key, setting));
    }

    fn setting(&self, key: &str) -> Option<&Setting> {
        self.0.iter().find(|(name, _)| *name == key).map(|(_, setting)| setting)
    }

    /// The number under a key.
    pub fn whole(&self, key: &str) -> Option<u32> {
        if let Some(Setting::Whole(value)) = self.setting(key) { Some(*value) } else { None }
    }

    /// The yes or no under a key.
    pub fn flag(&self, key: &str) -> Option<bool> {
        if let Some(Setting::Flag(value)) = self.setting(key) { Some(*value) } else { None }
    }

    /// The text or word under a key.
    pub fn text(&self, key: &str) -> Option<&str> {
        if let Some(Setting::Text(value)) = self.setting(key) { Some(value) } else { None }
    }
}
