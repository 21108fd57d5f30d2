//! Types from the module's own header, so that both sides of the border agree; and the C functions with varargs.

use std::error::Error;
use std::path::PathBuf;

const HEADER: &str = "../../include/freeswitch.h";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed={HEADER}");
    println!("cargo:rerun-if-changed=src/varargs.c");
    cc::Build::new().file("src/varargs.c").include("../../include").compile("standin_varargs");
    let out = PathBuf::from(std::env::var("OUT_DIR")?).join("freeswitch.rs");
    bindgen::Builder::default()
        .header(HEADER)
        .default_enum_style(bindgen::EnumVariation::NewType {
            is_bitfield: false,
            is_global: false,
        })
        .prepend_enum_name(false)
        .layout_tests(false)
        .blocklist_function(".*")
        .generate()?
        .write_to_file(out)?;
    Ok(())
}
