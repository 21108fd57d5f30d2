//! XML of FreeSWITCH's own: elements, their attributes and texts. It is not ours to complain about, so what cannot be read is not
//! there.

use quick_xml::escape::unescape;
use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, XmlVersion};

/// How deep elements are looked at.
const DEEPEST: usize = 64;
/// The most elements that are looked at.
const MOST: usize = 2_000_000;

/// An element.
#[derive(Debug, Default)]
pub(crate) struct Node {
    pub(crate) name: String,
    pub(crate) attributes: Vec<(String, String)>,
    /// Its text, without blanks around it.
    pub(crate) text: String,
    pub(crate) children: Vec<Node>,
}

impl Node {
    /// The element that a text consists of.
    pub(crate) fn read(text: &str) -> Option<Node> {
        let mut reader = Reader::from_str(text);
        let mut open = vec![Node::default()];
        let (mut deeper, mut count) = (0_usize, 0_usize);
        loop {
            let event = reader.read_event().ok()?;
            match event {
                Event::Start(_) if deeper > 0 || open.len() > DEEPEST => deeper += 1,
                Event::End(_) if deeper > 0 => deeper -= 1,
                Event::Start(start) => open.push(Node::of(&start)),
                Event::Empty(start) if deeper == 0 => {
                    open.last_mut()?.children.push(Node::of(&start))
                }
                Event::End(_) => {
                    let mut done = open.pop()?;
                    done.text = done.text.trim().to_owned();
                    open.last_mut()?.children.push(done);
                }
                Event::Text(text) => open.last_mut()?.text.push_str(&text),
                Event::CData(text) => open.last_mut()?.text.push_str(&text),
                Event::GeneralRef(name) => {
                    let name = format!("&{};", &*name);
                    open.last_mut()?.text.push_str(&unescape(&name).unwrap_or_default());
                }
                Event::Eof => break,
                _ => {}
            }
            count += 1;
            if count > MOST {
                return None;
            }
        }
        let [document] = <[Node; 1]>::try_from(open).ok()?;
        document.children.into_iter().next()
    }

    fn of(start: &BytesStart<'_>) -> Node {
        let attributes = start.attributes().filter_map(|attribute| {
            let attribute = attribute.ok()?;
            let value = attribute.normalized_value(XmlVersion::Implicit1_0).ok()?;
            Some((attribute.key.as_ref().to_owned(), value.trim().to_owned()))
        });
        Node {
            name: start.name().as_ref().to_owned(),
            attributes: attributes.collect(),
            ..Node::default()
        }
    }

    /// The value of that attribute.
    pub(crate) fn get(&self, attribute: &str) -> Option<&str> {
        let found = self.attributes.iter().find(|(name, _)| name == attribute);
        found.map(|(_, value)| value.as_str())
    }

    /// The elements in it of that name.
    pub(crate) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Node> {
        self.children.iter().filter(move |child| child.name == name)
    }

    /// It and everything in it.
    pub(crate) fn walk(&self) -> impl Iterator<Item = &Node> {
        let mut left = vec![self];
        std::iter::from_fn(move || {
            let next = left.pop()?;
            left.extend(next.children.iter().rev());
            Some(next)
        })
    }
}
