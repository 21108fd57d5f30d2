//! Starts the stand-in switch. It lives in a library, because only from a library can the module take its symbols.

use std::ffi::{CString, c_char, c_int};
use std::os::unix::ffi::OsStrExt;

fn main() {
    let mut arguments = std::env::args_os().skip(1);
    let folder = arguments.next().unwrap_or_else(|| fail("usage: standin <folder>"));
    let library = std::env::current_exe()
        .map(|exe| exe.with_file_name("libstandin.so"))
        .unwrap_or_else(|error| fail(&error.to_string()));
    let library = CString::new(library.as_os_str().as_bytes()).unwrap_or_default();
    let folder = CString::new(folder.as_bytes()).unwrap_or_default();
    // SAFETY: loads our own library and calls its one entry point with the signature it has.
    let status = unsafe {
        let handle = libc::dlopen(library.as_ptr(), libc::RTLD_NOW | libc::RTLD_GLOBAL);
        if handle.is_null() {
            fail(&format!(
                "{}: {:?}",
                library.to_string_lossy(),
                std::ffi::CStr::from_ptr(libc::dlerror())
            ));
        }
        let entry = libc::dlsym(handle, c"standin_main".as_ptr());
        if entry.is_null() {
            fail("the library has no standin_main");
        }
        let entry: extern "C" fn(*const c_char) -> c_int = std::mem::transmute(entry);
        entry(folder.as_ptr())
    };
    std::process::exit(status);
}

fn fail(text: &str) -> ! {
    eprintln!("standin: {text}");
    std::process::exit(2);
}
