//! Where the plugin is looked for.

use std::path::{Path, PathBuf};

use crate::LoadError;

/// The plugin's file name.
pub const PLUGIN_FILE: &str = "transcoder.wasm";

/// The environment variable that names the plugin.
pub const PLUGIN_VARIABLE: &str = "XG2G_PLUGIN";

/// Finds the plugin: `named`, else `$XG2G_PLUGIN`, else [`PLUGIN_FILE`] beside the executable, in
/// `../lib/xg2g-transcoder/` from there, and in `./dist/`.
///
/// # Errors
/// [`LoadError::NotFound`] with every place that was tried. A plugin that was named, by argument or variable, is looked for
/// nowhere else.
pub fn find_plugin(named: Option<&Path>) -> Result<PathBuf, LoadError> {
    let variable = || std::env::var_os(PLUGIN_VARIABLE).filter(|value| !value.is_empty()).map(PathBuf::from);
    let executable = || std::env::current_exe().ok()?.parent().map(Path::to_path_buf);
    first_file(places(named.map(Path::to_path_buf).or_else(variable), executable))
}

fn places(named: Option<PathBuf>, executable: impl FnOnce() -> Option<PathBuf>) -> Vec<PathBuf> {
    if let Some(named) = named {
        return vec![named];
    }
    let mut places = Vec::new();
    if let Some(directory) = executable() {
        places.push(directory.join(PLUGIN_FILE));
        places.push(directory.join("../lib/xg2g-transcoder").join(PLUGIN_FILE));
    }
    places.push(Path::new("dist").join(PLUGIN_FILE));
    places
}

fn first_file(tried: Vec<PathBuf>) -> Result<PathBuf, LoadError> {
    match tried.iter().position(|place| place.is_file()) {
        Some(index) => Ok(tried.into_iter().nth(index).unwrap_or_default()),
        None => Err(LoadError::NotFound { tried }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_named_plugin_is_looked_for_nowhere_else() {
        assert_eq!(places(Some("a.wasm".into()), || Some("/opt/bin".into())), [PathBuf::from("a.wasm")]);
    }

    #[test]
    fn the_places_come_in_the_documented_order() {
        let places = places(None, || Some("/opt/bin".into()));
        let expected =
            ["/opt/bin/transcoder.wasm", "/opt/bin/../lib/xg2g-transcoder/transcoder.wasm", "dist/transcoder.wasm"];
        assert_eq!(places, expected.map(PathBuf::from));
    }

    #[test]
    fn the_first_file_is_taken_and_none_is_an_error_that_lists_all() {
        let here = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"));
        assert_eq!(first_file(vec!["/no/such".into(), here.clone()]).unwrap(), here);
        let error = first_file(vec!["/no/such".into(), "/nor/this".into()]).unwrap_err().to_string();
        assert!(error.contains("/no/such, /nor/this") && error.contains("make build"), "{error}");
    }
}
