//! README and docs, taken at their word: their blocks of code and their commands.

/// A block of code: its language and its text, without the indentation of the list that it stands in.
#[derive(Debug)]
pub struct Block {
    pub language: String,
    pub text: String,
    /// The heading it stands under.
    pub section: String,
}

pub fn text() -> &'static str {
    concat!(
        include_str!("../../README.md"),
        include_str!("../../docs/guide.md"),
        include_str!("../../docs/reference.md"),
        include_str!("../../docs/operating.md")
    )
}

pub fn blocks() -> Vec<Block> {
    let (mut blocks, mut open, mut section): (Vec<Block>, bool, &str) = (Vec::new(), false, "");
    let mut indent = 0;
    for line in text().lines() {
        let code = line.trim_start();
        if let Some(language) = code.strip_prefix("```") {
            if !open {
                indent = line.len() - code.len();
                let (language, section) = (language.to_owned(), section.to_owned());
                blocks.push(Block { language, text: String::new(), section });
            }
            open = !open;
        } else if open {
            let block = blocks.last_mut().expect("an open block");
            block.text += line.get(indent..).unwrap_or("");
            block.text.push('\n');
        } else if let Some(heading) = line.strip_prefix("## ") {
            section = heading;
        }
    }
    blocks
}

/// The block of that language below that heading which begins like this.
#[track_caller]
pub fn block(section: &str, language: &str, begins: &str) -> String {
    let mut all = blocks().into_iter();
    let fits =
        |b: &Block| b.section == section && b.language == language && b.text.starts_with(begins);
    all.find(fits).unwrap_or_else(|| panic!("no {language} in {section} begins {begins}")).text
}
