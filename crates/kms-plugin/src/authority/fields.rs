//! Finds the values of `:authority` in a header block (RFC 7541, section 6) and overwrites them.

use super::frames::Anomaly;

/// Walks header blocks, octet by octet across whatever pieces they come in.
#[derive(Debug, Default)]
pub(super) struct Fields {
    at: At,
    inserted: Insertions,
}

/// What the next octet is.
#[derive(Debug, Default)]
enum At {
    /// The first octet of a field representation.
    #[default]
    Field,
    /// A further octet of a representation's index.
    Index { form: Form, index: Integer },
    /// The first octet of a literal name's length.
    NameLength { form: Form },
    /// A further octet of it.
    MoreNameLength { form: Form, huffman: bool, length: Integer },
    /// An octet of a literal name.
    Name { form: Form, left: u32, name: NameMatch },
    /// The first octet of a value's length, with its Huffman bit.
    ValueLength { authority: bool },
    /// A further octet of it.
    MoreValueLength { authority: bool, length: Integer },
    /// An octet of a value.
    Value { authority: bool, left: u32 },
}

/// The field representations, as far as they matter here.
#[derive(Clone, Copy, Debug)]
enum Form {
    Indexed,
    LiteralIndexed,
    LiteralNotIndexed,
    SizeUpdate,
}

impl Fields {
    /// Walks the next octets of the current block, overwriting the values of `:authority`.
    pub(super) fn walk(&mut self, mut octets: &mut [u8]) -> Result<(), Anomaly> {
        loop {
            self.at = match &mut self.at {
                At::Value { authority, left } => {
                    let Some(part) = take(&mut octets, *left) else { return Ok(()) };
                    if *authority {
                        part.fill(b'a');
                    }
                    *left -= part.len() as u32;
                    if *left > 0 {
                        return Ok(());
                    }
                    At::Field
                }
                At::Name { form, left, name } => {
                    let Some(part) = take(&mut octets, *left) else { return Ok(()) };
                    name.push(part);
                    *left -= part.len() as u32;
                    if *left > 0 {
                        return Ok(());
                    }
                    let (form, authority) = (*form, name.is_authority());
                    self.name_known(form, authority)
                }
                _ => {
                    let Some(octet) = octets.split_off_first_mut() else { return Ok(()) };
                    self.step(octet)?
                }
            };
        }
    }

    /// Whether a block may end here.
    pub(super) fn between_fields(&self) -> bool {
        matches!(self.at, At::Field)
    }

    /// Takes an octet that is not part of a string, and says what comes after it.
    fn step(&mut self, octet: &mut u8) -> Result<At, Anomaly> {
        match std::mem::take(&mut self.at) {
            At::Field => {
                let (form, prefix) = Form::of(*octet);
                match Integer::first(*octet, prefix) {
                    Ok(index) => self.index_known(form, index),
                    Err(index) => Ok(At::Index { form, index }),
                }
            }
            At::Index { form, mut index } => match index.next(*octet)? {
                Some(index) => self.index_known(form, index),
                None => Ok(At::Index { form, index }),
            },
            At::NameLength { form } => {
                let huffman = *octet & HUFFMAN != 0;
                Ok(match Integer::first(*octet, 7) {
                    Ok(length) => self.name_of(form, huffman, length),
                    Err(length) => At::MoreNameLength { form, huffman, length },
                })
            }
            At::MoreNameLength { form, huffman, mut length } => Ok(match length.next(*octet)? {
                Some(length) => self.name_of(form, huffman, length),
                None => At::MoreNameLength { form, huffman, length },
            }),
            At::ValueLength { authority } => {
                if authority {
                    // What follows is going to be plain `a`s.
                    *octet &= !HUFFMAN;
                }
                Ok(match Integer::first(*octet, 7) {
                    Ok(length) => value_of(authority, length),
                    Err(length) => At::MoreValueLength { authority, length },
                })
            }
            At::MoreValueLength { authority, mut length } => Ok(match length.next(*octet)? {
                Some(length) => value_of(authority, length),
                None => At::MoreValueLength { authority, length },
            }),
            // INVARIANT: `walk` takes strings itself; giving one back unchanged is the same.
            string @ (At::Name { .. } | At::Value { .. }) => Ok(string),
        }
    }

    fn index_known(&mut self, form: Form, index: u32) -> Result<At, Anomaly> {
        match (form, index) {
            (Form::Indexed, 0) => Err(Anomaly),
            // An `:authority` in the table was rewritten before it got there; evicting needs no book-keeping.
            (Form::Indexed | Form::SizeUpdate, _) => Ok(At::Field),
            (Form::LiteralIndexed | Form::LiteralNotIndexed, 0) => Ok(At::NameLength { form }),
            (Form::LiteralIndexed | Form::LiteralNotIndexed, _) => {
                let authority = index == STATIC_AUTHORITY || self.inserted.is_authority(index);
                Ok(self.name_known(form, authority))
            }
        }
    }

    fn name_of(&mut self, form: Form, huffman: bool, length: u32) -> At {
        match length {
            0 => self.name_known(form, false),
            left => At::Name { form, left, name: NameMatch::new(huffman, length) },
        }
    }

    fn name_known(&mut self, form: Form, authority: bool) -> At {
        if let Form::LiteralIndexed = form {
            self.inserted.push(authority);
        }
        At::ValueLength { authority }
    }
}

impl Form {
    /// The representation that starts with `octet`, and how many bits of its integer are in that octet.
    fn of(octet: u8) -> (Self, u8) {
        match octet.leading_zeros() {
            0 => (Self::Indexed, 7),
            1 => (Self::LiteralIndexed, 6),
            2 => (Self::SizeUpdate, 5),
            // 0000 "without indexing", 0001 "never indexed".
            _ => (Self::LiteralNotIndexed, 4),
        }
    }
}

/// Splits off up to `most` octets; `None` when there are none.
fn take<'a>(octets: &mut &'a mut [u8], most: u32) -> Option<&'a mut [u8]> {
    let length = octets.len().min(most as usize);
    octets.split_off_mut(..length).filter(|part| !part.is_empty())
}

fn value_of(authority: bool, length: u32) -> At {
    match length {
        0 => At::Field,
        left => At::Value { authority, left },
    }
}

/// An integer (RFC 7541, section 5.1) whose prefix was full.
#[derive(Clone, Copy, Debug)]
struct Integer {
    value: u32,
    shift: u8,
}

impl Integer {
    /// The integer in the low `prefix` bits of `octet`, or what there is of it when it goes on.
    fn first(octet: u8, prefix: u8) -> Result<u32, Self> {
        let mask = (1_u8 << prefix) - 1;
        match octet & mask {
            full if full == mask => Err(Self { value: u32::from(full), shift: 0 }),
            value => Ok(u32::from(value)),
        }
    }

    /// Adds an octet; gives the integer when that was the last.
    fn next(&mut self, octet: u8) -> Result<Option<u32>, Anomaly> {
        // INVARIANT: shift <= 21 here, so the value stays below 2^29.
        self.value += u32::from(octet & 0x7f) << self.shift;
        self.shift += 7;
        match octet & 0x80 {
            0 => Ok(Some(self.value)),
            // h2 takes five octets at most, the prefix's among them.
            _ if self.shift == 28 => Err(Anomaly),
            _ => Ok(None),
        }
    }
}

/// Compares a literal name with the two ways to spell `:authority`.
#[derive(Clone, Copy, Debug)]
struct NameMatch {
    /// What must still follow; `None` when it already differs.
    rest: Option<&'static [u8]>,
}

impl NameMatch {
    fn new(huffman: bool, length: u32) -> Self {
        let spelling = if huffman { AUTHORITY_HUFFMAN } else { AUTHORITY };
        Self { rest: Some(spelling).filter(|spelling| spelling.len() == length as usize) }
    }

    fn push(&mut self, octets: &[u8]) {
        self.rest = self.rest.and_then(|rest| rest.strip_prefix(octets));
    }

    fn is_authority(&self) -> bool {
        self.rest == Some(&[])
    }
}

/// Which of the latest insertions into the dynamic table are named `:authority`: bit 0 is the newest.
///
/// h2's table is always the newest of these without a gap, so an index that it accepts means the same entry here; one
/// that it does not accept ends the connection.
#[derive(Debug, Default)]
struct Insertions(u128);

impl Insertions {
    fn push(&mut self, authority: bool) {
        self.0 = (self.0 << 1) | u128::from(authority);
    }

    fn is_authority(&self, index: u32) -> bool {
        index.checked_sub(FIRST_DYNAMIC).and_then(|age| self.0.checked_shr(age)).is_some_and(|bits| bits & 1 == 1)
    }
}

/// The bit that marks a string as Huffman-coded.
const HUFFMAN: u8 = 0x80;
/// The name, plain.
const AUTHORITY: &[u8] = b":authority";
/// The name in the Huffman code of RFC 7541, appendix B; its padding is fixed, so there is no other.
const AUTHORITY_HUFFMAN: &[u8] = &[0xb8, 0x3b, 0x53, 0x39, 0xec, 0x32, 0x7d, 0x7f];
/// Its index in the static table (RFC 7541, appendix A).
const STATIC_AUTHORITY: u32 = 1;
/// The index of the newest entry of the dynamic table. A table of 4096 octets, the default of HTTP/2 (RFC 9113, section
/// 6.5.2), which our server leaves as it is, holds at most 128 entries of at least 32 octets: as many as a `u128` has bits.
const FIRST_DYNAMIC: u32 = 62;
