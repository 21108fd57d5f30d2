//! FreeSWITCH's XML configuration.

use super::sys;
use super::text::{from_c, take_c, to_c};

/// The text of `<configuration name="…">` as FreeSWITCH has it now (includes and `$${…}` done, also from
/// mod_xml_curl and the like); `None` if there is none.
#[must_use]
pub(crate) fn configuration(name: &str) -> Option<String> {
    let c = to_c(name);
    let mut node: sys::switch_xml_t = std::ptr::null_mut();
    // SAFETY: the root that comes back is ours until it is freed; `node` points into it and is only used before that;
    // the text is malloc'd for us.
    unsafe {
        let root = sys::switch_xml_open_cfg(c.as_ptr(), &raw mut node, std::ptr::null_mut());
        if root.is_null() {
            return None;
        }
        let text = if node.is_null() {
            None
        } else {
            take_c(sys::switch_xml_toxml_ex(
                node,
                sys::switch_bool_t::SWITCH_FALSE,
                sys::switch_bool_t::SWITCH_FALSE,
            ))
        };
        sys::switch_xml_free(root);
        text
    }
}

/// The text of `<section name="…">` of the document that FreeSWITCH has read, without what mod_xml_curl and the like would
/// add; `None` if there is none.
#[must_use]
pub(crate) fn section(name: &str) -> Option<String> {
    let name = to_c(name);
    // SAFETY: the root is ours until it is freed; the section is in it and is only used before that; the text is malloc'd for
    // us. The strings outlive the calls.
    unsafe {
        let root = sys::switch_xml_root();
        if root.is_null() {
            return None;
        }
        let (child, attribute) = (c"section".as_ptr(), c"name".as_ptr());
        let node = sys::switch_xml_find_child(root, child, attribute, name.as_ptr());
        let no = sys::switch_bool_t::SWITCH_FALSE;
        let text = match node.is_null() {
            true => None,
            false => take_c(sys::switch_xml_toxml_ex(node, no, no)),
        };
        sys::switch_xml_free(root);
        text
    }
}

/// Has FreeSWITCH read its XML again, as `reloadxml` does.
///
/// # Errors
/// What FreeSWITCH says is wrong with it, with the line; the old configuration then stays.
pub(crate) fn reload() -> Result<(), String> {
    let mut error = std::ptr::null();
    // SAFETY: a place for the pointer to a text of FreeSWITCH's, copied at once.
    unsafe {
        if sys::switch_xml_reload(&raw mut error) == sys::switch_status_t::SWITCH_STATUS_SUCCESS {
            return Ok(());
        }
        Err(from_c(error).unwrap_or_else(|| "unknown error".to_owned()))
    }
}
