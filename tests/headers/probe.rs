//! C programs that ask the compiler what it makes of a declaration.

use super::declarations::Declarations;

/// A program that prints every size, offset and value, a line each, by the header it includes.
pub fn layout(include: &str, all: &Declarations) -> String {
    let mut body = String::new();
    let mut print = |what: &str, value: &str| {
        body += &format!("\tprintf(\"{what} = %lld\\n\", (long long) ({value}));\n");
    };
    for Struct { name, fields } in all.structs.iter().map(Struct::of) {
        print(&format!("sizeof {name}"), &format!("sizeof({name})"));
        for field in fields {
            print(&format!("offset of {name}.{field}"), &format!("offsetof({name}, {field})"));
            let size = format!("sizeof((({name} *) 0)->{field})");
            print(&format!("sizeof {name}.{field}"), &size);
        }
    }
    for name in all.enums.iter().chain(&all.numbers) {
        print(&format!("sizeof {name}"), &format!("sizeof({name})"));
    }
    for name in &all.numbers {
        print(&format!("{name} is signed"), &format!("(({name}) -1) < 1"));
    }
    for name in &all.constants {
        print(name, name);
    }
    format!(
        "#include <stddef.h>\n#include <stdio.h>\n#include <{include}>\n\
         int main(void)\n{{\n{body}\treturn 0;\n}}\n"
    )
}

struct Struct<'a> {
    name: &'a str,
    fields: Vec<&'a str>,
}

impl<'a> Struct<'a> {
    fn of(declared: &'a super::declarations::Struct) -> Self {
        let fields = declared.fields.iter().map(|field| field.name.as_str()).collect();
        Self { name: &declared.name, fields }
    }
}

/// FreeSWITCH's header, and after it our prototypes, typedefs and the types of our fields: it only compiles if they are
/// FreeSWITCH's.
pub fn redeclarations(all: &Declarations) -> String {
    let mut text = String::from("#include <switch.h>\n");
    // First, so that what FreeSWITCH does not declare is unknown here.
    text += "void *callpark_known[] = {\n";
    for prototype in &all.prototypes {
        text += &format!("\t(void *) &{},\n", prototype.name);
    }
    text += "};\n";
    // What is opaque may have another tag there: FreeSWITCH's name for it stands in the prototypes.
    let opaque = |text: &&String| text.starts_with("typedef struct") && !text.contains('*');
    let types = all.typedefs.iter().filter(|text| !opaque(text));
    for statement in types.chain(all.prototypes.iter().map(|p| &p.text)) {
        text += &format!("{statement};\n");
    }
    for declared in &all.structs {
        // An enum may be an int for us: the size, which the other program compares, is all that counts.
        for field in declared.fields.iter().filter(|field| field.type_name != "int") {
            let (name, field, type_name) = (&declared.name, &field.name, &field.type_name);
            text += &format!(
                "_Static_assert(__builtin_types_compatible_p(__typeof__((({name} *) 0)->{field}), {type_name}), \
                 \"{name}.{field} is no {type_name}\");\n"
            );
        }
    }
    text
}
