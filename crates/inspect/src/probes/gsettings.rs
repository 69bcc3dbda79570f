//! Settings of a GNOME desktop: dconf databases over the defaults of compiled schemas, as GLib and dconf layer them.
//!
//! Both are GVDB files. A key that an organisation has locked takes its value from the locked layer down; otherwise the
//! first layer that has it wins.

use std::borrow::Cow;

use gvdb::read::{File, HashTable};
use seaworthy_model::{Place, Reason};
use zvariant::Value;

use super::Reader;

const DATABASE_CAP: u64 = 32 << 20;
const SCHEMAS: &str = "/usr/share/glib-2.0/schemas/gschemas.compiled";

/// The layers of one user's settings.
pub(super) struct Settings {
    /// Strongest first.
    layers: Vec<File<'static>>,
    schemas: File<'static>,
    desktops: Vec<String>,
}

/// A value of the two types that are asked for.
pub(super) trait Setting: Sized {
    fn of(value: &Value<'_>) -> Option<Self>;
}

impl Setting for bool {
    fn of(value: &Value<'_>) -> Option<bool> {
        if let Value::Bool(value) = value { Some(*value) } else { None }
    }
}

impl Setting for u32 {
    fn of(value: &Value<'_>) -> Option<u32> {
        if let Value::U32(value) = value { Some(*value) } else { None }
    }
}

impl Settings {
    pub(super) fn read(reader: &Reader<'_>) -> Result<Settings, Reason> {
        let schemas = database(reader, Place::Schemas, SCHEMAS)?.ok_or(Reason::Missing)?;
        let mut layers = Vec::new();
        for line in profile(reader)? {
            let (place, path) = match line.split_once(':') {
                Some(("user-db", name)) if is_name(name) => {
                    (Place::DconfUser, reader.look.user.home.join(".config/dconf").join(name))
                }
                Some(("system-db", name)) if is_name(name) => {
                    (Place::DconfSystem, format!("/etc/dconf/db/{name}").into())
                }
                // Daemons and other files may hold anything.
                _ => return Err(Reason::NotSupported),
            };
            layers.extend(database(reader, place, path)?);
        }
        let desktops = reader.look.user.desktop.as_deref().unwrap_or_default();
        let desktops = desktops.split(':').filter(|name| !name.is_empty()).map(str::to_owned).collect();
        Ok(Settings { layers, schemas, desktops })
    }

    /// The value of a key; `path` begins and ends with a slash.
    pub(super) fn value<T: Setting>(&self, schema: &str, path: &str, key: &str) -> Result<T, Reason> {
        let full = format!("{path}{key}");
        let tables: Vec<HashTable<'_, '_>> =
            self.layers.iter().map(File::hash_table).collect::<Result<_, _>>().map_err(|_| Reason::Garbled)?;
        let is_locked = |table: &HashTable<'_, '_>| {
            table.get_hash_table(".locks").is_ok_and(|locks| locks.keys().flatten().any(|locked| locked == full))
        };
        let first = tables.iter().rposition(is_locked).unwrap_or(0);
        for table in tables.iter().skip(first) {
            if table.keys().flatten().any(|found| found == full) {
                let value = table.get_value(&full).map_err(|_| Reason::Garbled)?;
                // A value of another type is passed over, as GLib does, for the default.
                return T::of(&value).map_or_else(|| self.default(schema, key), Ok);
            }
        }
        self.default(schema, key)
    }

    /// A schema's key is a tuple: its default, then options. `d` holds other defaults by desktop.
    fn default<T: Setting>(&self, schema: &str, key: &str) -> Result<T, Reason> {
        let table = self.schemas.hash_table().map_err(|_| Reason::Garbled)?;
        let table = table.get_hash_table(schema).map_err(|_| Reason::Missing)?;
        let value = table.get_value(key).map_err(|_| Reason::Missing)?;
        let Value::Structure(fields) = value else { return Err(Reason::Garbled) };
        let mut chosen = None;
        for option in fields.fields().iter().skip(1) {
            if let Some(by_desktop) = by_desktop(option) {
                if self.desktops.is_empty() {
                    return Err(Reason::NotSupported);
                }
                chosen = self.desktops.iter().find_map(|name| T::of(&by_desktop(name)?));
            }
        }
        chosen.or_else(|| T::of(fields.fields().first()?)).ok_or(Reason::Garbled)
    }
}

/// Defaults by desktop, where an option of a key holds them: `('d', {name: value})`.
fn by_desktop<'v>(option: &'v Value<'_>) -> Option<impl Fn(&str) -> Option<Value<'v>>> {
    let Value::Structure(option) = option else { return None };
    let [Value::U8(b'd'), Value::Dict(values)] = option.fields() else { return None };
    Some(move |name: &str| {
        let (_, value) = values.iter().find(|(key, _)| matches!(key, Value::Str(key) if key.as_str() == name))?;
        let value = if let Value::Value(inner) = value { inner } else { value };
        value.try_clone().ok()
    })
}

fn database(
    reader: &Reader<'_>,
    place: Place,
    path: impl AsRef<std::path::Path>,
) -> Result<Option<File<'static>>, Reason> {
    let bytes = match reader.bytes(place, path, DATABASE_CAP) {
        Ok(bytes) => bytes,
        Err(error) if error.is_missing() => return Ok(None),
        Err(error) => return Err(error.reason()),
    };
    File::from_bytes(Cow::Owned(bytes)).map(Some).map_err(|_| Reason::Garbled)
}

/// dconf(7), «PROFILES»: the first of these files, else the user's database alone.
fn profile(reader: &Reader<'_>) -> Result<Vec<String>, Reason> {
    let runtime = format!("/run/dconf/user/{}", reader.look.user.uid);
    for path in [runtime.as_str(), "/etc/dconf/profile/user", "/usr/share/dconf/profile/user"] {
        if let Some(text) = reader.optional(Place::DconfProfile, path).map_err(|error| error.reason())? {
            let line = |line: &str| line.split('#').next().unwrap_or_default().trim().to_owned();
            return Ok(text.lines().map(line).filter(|line| !line.is_empty()).collect());
        }
    }
    Ok(vec!["user-db:user".into()])
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && !name.contains('/') && !name.starts_with('.')
}
