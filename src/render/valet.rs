//! The answer of `valet_info`, as mod_valet_parking writes it.

use std::fmt::Write as _;

use quick_xml::escape::escape;

use crate::park::CallView;

/// The lots that hold calls, in the order of the calls, or only the one of that name, whatever its case.
pub(crate) fn valet_info(calls: &[CallView], only: &str) -> String {
    let lots = calls.chunk_by(|a, b| a.lot == b.lot);
    let mut text = "<lots>\n".to_owned();
    for lot in lots {
        let name = lot.first().map(|call| call.lot.to_string()).unwrap_or_default();
        if !only.is_empty() && !name.eq_ignore_ascii_case(only) {
            continue;
        }
        // Writing to a String cannot fail.
        let _ = writeln!(text, "  <lot name=\"{}\">", escape(&*name));
        for call in lot {
            let (uuid, orbit) = (escape(call.info.uuid.as_str()), escape(call.orbit.as_str()));
            let _ = writeln!(text, "    <extension uuid=\"{uuid}\">{orbit}</extension>");
        }
        text.push_str("  </lot>\n");
    }
    text.push_str("</lots>\n");
    text
}
