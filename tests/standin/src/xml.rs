//! The configuration: preprocessing, reading, and handing parts of it to the module.

use std::collections::HashMap;
use std::ffi::{CStr, CString, c_char};
use std::fmt::Write;
use std::fs;
use std::path::Path;

use crate::switch::switch;
use crate::sys;

/// An element.
#[derive(Clone, Debug, Default)]
pub struct Element {
    pub name: String,
    pub attributes: Vec<(String, String)>,
    pub children: Vec<Element>,
}

impl Element {
    pub fn get(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Element> {
        self.children.iter().filter(move |child| child.name == name)
    }

    fn of(node: roxmltree::Node<'_, '_>) -> Element {
        Element {
            name: node.tag_name().name().to_owned(),
            attributes: node
                .attributes()
                .map(|a| (a.name().to_owned(), a.value().to_owned()))
                .collect(),
            children: node
                .children()
                .filter(roxmltree::Node::is_element)
                .map(Element::of)
                .collect(),
        }
    }

    fn text(&self, out: &mut String) {
        // Writing to a String cannot fail.
        let _ = write!(out, "<{}", self.name);
        for (name, value) in &self.attributes {
            let value = value
                .replace('&', "&amp;")
                .replace('<', "&lt;")
                .replace('>', "&gt;")
                .replace('"', "&quot;");
            let _ = write!(out, " {name}=\"{value}\"");
        }
        if self.children.is_empty() {
            out.push_str("/>\n");
            return;
        }
        out.push_str(">\n");
        for child in &self.children {
            child.text(out);
        }
        let _ = writeln!(out, "</{}>", self.name);
    }
}

/// The whole document.
#[derive(Default)]
pub struct Root {
    document: Element,
}

type Globals = HashMap<String, String>;

impl Root {
    /// Reads `<folder>/conf/freeswitch.xml`, and the global variables it sets.
    pub fn read(folder: &Path) -> Result<(Root, Globals), String> {
        let mut globals = Globals::new();
        let mut text = String::new();
        preprocess(&folder.join("conf/freeswitch.xml"), &mut globals, &mut text)?;
        let document = roxmltree::Document::parse(&text)
            .map_err(|error| format!("[error near line {}]: {error}", error.pos().row))?;
        Ok((Root { document: Element::of(document.root_element()) }, globals))
    }

    pub fn section(&self, name: &str) -> Option<&Element> {
        self.document.all("section").find(|section| section.get("name") == Some(name))
    }

    pub fn configuration(&self, name: &str) -> Option<&Element> {
        self.section("configuration")?
            .all("configuration")
            .find(|conf| conf.get("name") == Some(name))
    }

    pub fn param(&self, configuration: &str, name: &str) -> Option<String> {
        let settings = self.configuration(configuration)?.all("settings").next()?;
        let param = settings.all("param").find(|param| param.get("name") == Some(name))?;
        param.get("value").map(str::to_owned)
    }

    /// The modules to be loaded.
    pub fn modules(&self) -> Vec<String> {
        let modules =
            self.configuration("modules.conf").and_then(|conf| conf.all("modules").next());
        let loads = modules.into_iter().flat_map(|modules| modules.all("load"));
        loads.filter_map(|load| load.get("module").map(str::to_owned)).collect()
    }

    /// How to reach a user of the directory: by its own `dial-string`, or its domain's. None: there is no such user.
    pub fn dial_string(&self, user: &str, domain: &str) -> Option<String> {
        fn find<'a>(element: &'a Element, user: &str) -> Option<&'a Element> {
            let here = element.name == "user" && element.get("id") == Some(user);
            if here {
                Some(element)
            } else {
                element.children.iter().find_map(|child| find(child, user))
            }
        }
        fn param(element: &Element) -> Option<String> {
            let mut params = element.all("params").flat_map(|params| params.all("param"));
            params
                .find(|param| param.get("name") == Some("dial-string"))?
                .get("value")
                .map(str::to_owned)
        }
        let domain =
            self.section("directory")?.all("domain").find(|it| it.get("name") == Some(domain))?;
        let user = find(domain, user)?;
        Some(param(user).or_else(|| param(domain)).unwrap_or_default())
    }
}

fn preprocess(path: &Path, globals: &mut Globals, out: &mut String) -> Result<(), String> {
    let text = fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    for line in text.lines() {
        let line = expand(line, globals);
        let trimmed = line.trim();
        let attribute = |name: &str| {
            let (_, rest) = line.split_once(&format!("{name}=\""))?;
            rest.split_once('"').map(|(value, _)| value.to_owned())
        };
        if trimmed.starts_with("<X-PRE-PROCESS") {
            match (attribute("cmd").as_deref(), attribute("data")) {
                (Some("set"), Some(data)) => {
                    if let Some((name, value)) = data.split_once('=') {
                        globals.insert(name.to_owned(), value.to_owned());
                    }
                }
                (Some("include"), Some(pattern)) => {
                    for file in matching(&pattern) {
                        preprocess(&file, globals, out)?;
                    }
                }
                _ => {}
            }
        } else if !["<include>", "</include>"].contains(&trimmed) && !trimmed.starts_with("<?") {
            out.push_str(&line);
        }
        out.push('\n');
    }
    Ok(())
}

/// The files a pattern with a `*` in its last part names, in order.
fn matching(pattern: &str) -> Vec<std::path::PathBuf> {
    let path = Path::new(pattern);
    let (Some(folder), Some(name)) =
        (path.parent(), path.file_name().and_then(|name| name.to_str()))
    else {
        return Vec::new();
    };
    let (start, end) = name.split_once('*').unwrap_or((name, ""));
    let exact = !name.contains('*');
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut files: Vec<_> = entries
        .map(|entry| entry.path())
        .filter(|file| {
            let file = file.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            if exact { file == name } else { file.starts_with(start) && file.ends_with(end) }
        })
        .collect();
    files.sort();
    files
}

fn expand(line: &str, globals: &Globals) -> String {
    let mut out = String::new();
    let mut rest = line;
    while let Some((before, after)) = rest.split_once("$${") {
        let Some((name, tail)) = after.split_once('}') else { break };
        out.push_str(before);
        out.push_str(globals.get(name).map_or("", String::as_str));
        rest = tail;
    }
    out + rest
}

#[unsafe(no_mangle)]
extern "C" fn switch_xml_open_cfg(
    name: *const c_char,
    node: *mut sys::switch_xml_t,
    _params: *mut sys::switch_event_t,
) -> sys::switch_xml_t {
    // SAFETY: the module gives a C string and a place for a pointer.
    let name = unsafe { CStr::from_ptr(name) }.to_string_lossy();
    let root = switch().xml.read();
    let found = root.configuration(&name).cloned();
    let raw: sys::switch_xml_t =
        found.map_or(std::ptr::null_mut(), |element| Box::into_raw(Box::new(element)).cast());
    // SAFETY: as above.
    unsafe { *node = raw };
    raw
}

#[unsafe(no_mangle)]
extern "C" fn switch_xml_root() -> sys::switch_xml_t {
    Box::into_raw(Box::new(switch().xml.read().document.clone())).cast()
}

#[unsafe(no_mangle)]
extern "C" fn switch_xml_find_child(
    node: sys::switch_xml_t,
    child: *const c_char,
    attribute: *const c_char,
    value: *const c_char,
) -> sys::switch_xml_t {
    // SAFETY: made by switch_xml_root and not freed yet; the module gives C strings.
    let (node, [child, attribute, value]) = unsafe {
        let text = |text| CStr::from_ptr(text).to_string_lossy();
        (&*node.cast::<Element>(), [child, attribute, value].map(text))
    };
    let found = node.all(&child).find(|element| element.get(&attribute) == Some(&*value));
    found.map_or(std::ptr::null_mut(), |element| std::ptr::from_ref(element).cast_mut().cast())
}

#[unsafe(no_mangle)]
extern "C" fn switch_xml_toxml_ex(
    xml: sys::switch_xml_t,
    _header: sys::switch_bool_t,
    _utf8: sys::switch_bool_t,
) -> *mut c_char {
    let mut text = String::new();
    // SAFETY: made by switch_xml_open_cfg or switch_xml_root, or in that, and not freed yet.
    unsafe { &*xml.cast::<Element>() }.text(&mut text);
    let text = CString::new(text).unwrap_or_default();
    // SAFETY: a C string; the module frees the copy.
    unsafe { libc::strdup(text.as_ptr()) }
}

#[unsafe(no_mangle)]
extern "C" fn switch_xml_free(xml: sys::switch_xml_t) {
    if !xml.is_null() {
        // SAFETY: made by switch_xml_open_cfg or switch_xml_root, freed once.
        drop(unsafe { Box::from_raw(xml.cast::<Element>()) });
    }
}

#[unsafe(no_mangle)]
extern "C" fn switch_xml_reload(error: *mut *const c_char) -> sys::switch_status_t {
    static LAST: parking_lot::Mutex<Option<CString>> = parking_lot::Mutex::new(None);
    match switch().reload_xml() {
        Ok(()) => sys::switch_status_t::SWITCH_STATUS_SUCCESS,
        Err(text) => {
            let mut last = LAST.lock();
            let text = last.insert(CString::new(text).unwrap_or_default());
            // SAFETY: a place for the pointer; the text stays until the next failure.
            unsafe { *error = text.as_ptr() };
            sys::switch_status_t::SWITCH_STATUS_GENERR
        }
    }
}
