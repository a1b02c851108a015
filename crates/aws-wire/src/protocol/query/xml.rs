//! XML being written: elements and text, nothing else.

/// A document being written. Names come from models and are written as they are; text is escaped.
#[derive(Default)]
pub(in crate::protocol) struct XmlWriter(String);

impl XmlWriter {
    /// An element that holds what `inside` writes; without a name, just that.
    pub(in crate::protocol) fn nested<E>(
        &mut self,
        name: Option<&str>,
        inside: impl FnOnce(&mut Self) -> Result<(), E>,
    ) -> Result<(), E> {
        if let Some(name) = name {
            self.0.extend(["<", name, ">"]);
        }
        inside(self)?;
        if let Some(name) = name {
            self.close(name);
        }
        Ok(())
    }

    /// An element that holds text.
    pub(in crate::protocol) fn element(&mut self, name: &str, text: &str) {
        self.0.extend(["<", name, ">"]);
        self.escaped(text);
        self.close(name);
    }

    /// The document's element, with everything in it in `namespace`.
    pub(in crate::protocol) fn document<E>(
        name: &str,
        namespace: &str,
        inside: impl FnOnce(&mut Self) -> Result<(), E>,
    ) -> Result<Vec<u8>, E> {
        let mut xml = Self::default();
        xml.0.extend(["<", name, " xmlns=\""]);
        xml.escaped(namespace);
        xml.0.push_str("\">");
        inside(&mut xml)?;
        xml.close(name);
        Ok(xml.into_bytes())
    }

    /// The document, when all of it is written.
    pub(in crate::protocol) fn into_bytes(self) -> Vec<u8> {
        self.0.into_bytes()
    }

    fn close(&mut self, name: &str) {
        self.0.extend(["</", name, ">"]);
    }

    fn escaped(&mut self, text: &str) {
        for character in text.chars() {
            match character {
                '<' => self.0.push_str("&lt;"),
                '>' => self.0.push_str("&gt;"),
                '&' => self.0.push_str("&amp;"),
                '"' => self.0.push_str("&quot;"),
                // Parsers turn a bare carriage return into a line feed.
                '\r' => self.0.push_str("&#xD;"),
                // XML 1.0 has no way to say these, not even as references.
                '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => {
                    self.0.push(char::REPLACEMENT_CHARACTER);
                }
                character => self.0.push(character),
            }
        }
    }
}
