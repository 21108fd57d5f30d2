//! What `include/freeswitch.h` declares, read by a scanner that knows as much of C as that file uses.

use super::installed;

/// A function.
pub struct Prototype {
    pub name: String,
    /// The whole declaration, without its semicolon.
    pub text: String,
}

/// A struct whose fields are declared.
pub struct Struct {
    /// As C calls it: `switch_event_t`, or `struct switch_event` if it has no other name.
    pub name: String,
    pub fields: Vec<Field>,
}

/// A field of a struct.
pub struct Field {
    pub name: String,
    /// Its type as a type name: `const char *[10]`.
    pub type_name: String,
}

/// Everything, in the order of the file.
#[derive(Default)]
pub struct Declarations {
    pub prototypes: Vec<Prototype>,
    pub structs: Vec<Struct>,
    /// Names of enums.
    pub enums: Vec<String>,
    /// Constants of enums and macros with a value.
    pub constants: Vec<String>,
    /// Other typedefs, whole: opaque structs, function pointers, second names of types.
    pub typedefs: Vec<String>,
    /// The typedefs among them that name a number.
    pub numbers: Vec<String>,
}

impl Declarations {
    /// Those of `include/freeswitch.h`.
    pub fn of_our_header() -> Self {
        let path = installed::ours().join("freeswitch.h");
        let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{path:?}: {e}"));
        let all = Self::read(&text);
        // A scanner that stumbles must not pass for a header that says little.
        assert!(all.prototypes.len() > 30 && all.structs.len() > 4 && all.enums.len() > 8);
        all
    }

    fn read(text: &str) -> Self {
        let mut all = Self::default();
        let mut code = String::new();
        for line in without_comments(text).lines() {
            match line.trim().strip_prefix('#') {
                Some(directive) => {
                    let words: Vec<&str> = directive.split_whitespace().collect();
                    if let ["define", name, _value, ..] = words[..] {
                        all.constants.push(name.to_owned());
                    }
                }
                None => code = code + line + "\n",
            }
        }
        for statement in statements(&code) {
            all.add(&statement);
        }
        all
    }

    fn add(&mut self, statement: &str) {
        let body = statement.split_once('{').and_then(|(head, rest)| {
            rest.rsplit_once('}').map(|(body, tail)| (head.trim(), body, tail.trim()))
        });
        match body {
            Some((head, body, name)) if head.contains("enum") => {
                self.enums.push(name.to_owned());
                let constant = |item: &str| item.split('=').next().unwrap_or("").trim().to_owned();
                self.constants.extend(body.split(',').map(constant).filter(|c| !c.is_empty()));
            }
            Some((head, body, name)) => {
                let name = if name.is_empty() { head } else { name };
                let fields = statements(body).iter().map(|field| Field::read(field)).collect();
                self.structs.push(Struct { name: name.to_owned(), fields });
            }
            None if statement.starts_with("typedef") => {
                self.typedefs.push(statement.to_owned());
                if !["struct", "union", "("].iter().any(|word| statement.contains(word)) {
                    self.numbers.push(last_word(statement).to_owned());
                }
            }
            None if statement.contains('(') => {
                let head = statement.split('(').next().unwrap_or("");
                let name = last_word(head).to_owned();
                self.prototypes.push(Prototype { name, text: statement.to_owned() });
            }
            None => {}
        }
    }
}

impl Field {
    fn read(text: &str) -> Self {
        let (text, array) = match text.find('[') {
            Some(at) => text.split_at(at),
            None => (text, ""),
        };
        let name = last_word(text);
        let type_name = format!("{}{array}", text.strip_suffix(name).unwrap_or(text).trim());
        Self { name: name.to_owned(), type_name }
    }
}

fn last_word(text: &str) -> &str {
    text.trim().rsplit(|c: char| !c.is_ascii_alphanumeric() && c != '_').next().unwrap_or("")
}

fn without_comments(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("/*") {
        out += before;
        rest = after.split_once("*/").map_or("", |(_, rest)| rest);
    }
    out + rest
}

/// What stands between semicolons, braces counted, on one line each.
fn statements(code: &str) -> Vec<String> {
    let mut all = Vec::new();
    let mut depth = 0;
    let mut one = String::new();
    for c in code.chars() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        if c == ';' && depth == 0 {
            let words: Vec<&str> = one.split_whitespace().collect();
            all.push(words.join(" "));
            one.clear();
        } else {
            one.push(c);
        }
    }
    assert!(one.trim().is_empty(), "a declaration without an end: {one}");
    all
}
