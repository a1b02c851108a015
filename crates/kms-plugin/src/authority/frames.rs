//! Finds the header blocks in what an HTTP/2 client sends (RFC 9113, sections 3.4, 4.1, 6.2 and 6.10).

use super::fields::Fields;

/// Something that h2 refuses, or would not take as we do: no more rewriting on this connection.
#[derive(Debug)]
pub(super) struct Anomaly;

/// Rewrites the `:authority` values in one connection's stream of octets.
#[derive(Debug, Default)]
pub struct Rewriter {
    at: At,
    /// The stream of a header block that is to go on in a CONTINUATION frame.
    open_block: Option<u32>,
    fields: Fields,
}

/// What the next octet is.
#[derive(Debug)]
enum At {
    /// An octet of the connection preface; what must still follow.
    Preface(&'static [u8]),
    /// An octet of a frame's head.
    Head { head: [u8; HEAD], seen: usize },
    /// The Pad Length field of a HEADERS frame.
    PadLength(Block),
    /// An octet of the five of its priority fields.
    Priority { block: Block, dependency: u32, seen: u8 },
    /// An octet of a header block fragment.
    Fragment(Block),
    /// An octet that is none of our business.
    Skip { left: u32 },
    /// Nothing is looked at any more.
    Off,
}

/// A frame with a header block fragment, as far as it is not yet read.
#[derive(Clone, Copy, Debug)]
struct Block {
    stream: u32,
    /// Octets of the payload that are left, without the padding once its length is known.
    left: u32,
    padding: u8,
    priority: bool,
    end_headers: bool,
}

impl Rewriter {
    /// Looks through the next octets of the connection and overwrites what they hold of `:authority` values.
    pub fn rewrite(&mut self, octets: &mut [u8]) {
        if self.scan(octets).is_err() {
            self.at = At::Off;
        }
    }

    fn scan(&mut self, mut octets: &mut [u8]) -> Result<(), Anomaly> {
        while !octets.is_empty() {
            match &mut self.at {
                At::Off => return Ok(()),
                At::Skip { left } => {
                    let skipped = take(&mut octets, *left);
                    *left -= skipped.len() as u32;
                    if *left == 0 {
                        self.at = At::default_head();
                    }
                }
                At::Fragment(block) => {
                    let fragment = take(&mut octets, block.left);
                    block.left -= fragment.len() as u32;
                    self.fields.walk(fragment)?;
                    let block = *block;
                    self.fragment_at(block)?;
                }
                _ => {
                    if let Some(octet) = octets.split_off_first_mut() {
                        self.step(*octet)?;
                    }
                }
            }
        }
        Ok(())
    }

    /// Takes an octet that is looked at one by one.
    fn step(&mut self, octet: u8) -> Result<(), Anomaly> {
        match &mut self.at {
            At::Preface(rest) => {
                *rest = rest.strip_prefix(&[octet]).ok_or(Anomaly)?;
                if rest.is_empty() {
                    self.at = At::default_head();
                }
            }
            At::Head { head, seen } => {
                if let Some(place) = head.get_mut(*seen) {
                    *place = octet;
                }
                *seen += 1;
                if *seen == HEAD {
                    let head = *head;
                    self.frame(head)?;
                }
            }
            At::PadLength(block) => {
                let block = Block { padding: octet, left: block.left.checked_sub(1).ok_or(Anomaly)?, ..*block };
                self.after_pad_length(block)?;
            }
            At::Priority { block, dependency, seen } => {
                if *seen < 4 {
                    *dependency = (*dependency << 8) | u32::from(octet);
                }
                *seen += 1;
                if *seen == PRIORITY_LENGTH {
                    // h2 resets a stream that depends on itself without decoding its block, so its table misses what
                    // that block inserts.
                    if *dependency & STREAM == block.stream {
                        return Err(Anomaly);
                    }
                    let block = *block;
                    self.after_priority(block)?;
                }
            }
            At::Fragment(_) | At::Skip { .. } | At::Off => {}
        }
        Ok(())
    }

    /// A frame's head is complete.
    fn frame(&mut self, head: [u8; HEAD]) -> Result<(), Anomaly> {
        let [l0, l1, l2, kind, flags, s0, s1, s2, s3] = head;
        let length = u32::from_be_bytes([0, l0, l1, l2]);
        let stream = u32::from_be_bytes([s0, s1, s2, s3]) & STREAM;
        let block =
            Block { stream, left: length, padding: 0, priority: false, end_headers: flags & FLAG_END_HEADERS != 0 };
        match (kind, self.open_block) {
            (CONTINUATION, Some(open)) if open == stream => self.fragment_at(block),
            (HEADERS, None) if stream != 0 => {
                let block = Block { priority: flags & FLAG_PRIORITY != 0, ..block };
                if flags & FLAG_PADDED == 0 {
                    return self.after_pad_length(block);
                }
                self.at = At::PadLength(block);
                if length == 0 { Err(Anomaly) } else { Ok(()) }
            }
            // A header block that is interrupted or comes from nowhere, and a promise, which only servers make.
            (_, Some(_)) | (HEADERS | PUSH_PROMISE | CONTINUATION, None) => Err(Anomaly),
            (_, None) => {
                self.at = if length == 0 { At::default_head() } else { At::Skip { left: length } };
                Ok(())
            }
        }
    }

    fn after_pad_length(&mut self, block: Block) -> Result<(), Anomaly> {
        if !block.priority {
            return self.after_priority(block);
        }
        let left = block.left.checked_sub(u32::from(PRIORITY_LENGTH)).ok_or(Anomaly)?;
        self.at = At::Priority { block: Block { left, ..block }, dependency: 0, seen: 0 };
        Ok(())
    }

    fn after_priority(&mut self, block: Block) -> Result<(), Anomaly> {
        let left = block.left.checked_sub(u32::from(block.padding)).ok_or(Anomaly)?;
        self.fragment_at(Block { left, ..block })
    }

    /// Goes on with a fragment, or with what comes after it when nothing of it is left.
    fn fragment_at(&mut self, block: Block) -> Result<(), Anomaly> {
        if block.left > 0 {
            self.at = At::Fragment(block);
            return Ok(());
        }
        if block.end_headers && !self.fields.between_fields() {
            return Err(Anomaly);
        }
        self.open_block = (!block.end_headers).then_some(block.stream);
        self.at = match block.padding {
            0 => At::default_head(),
            padding => At::Skip { left: u32::from(padding) },
        };
        Ok(())
    }
}

impl At {
    fn default_head() -> Self {
        Self::Head { head: [0; HEAD], seen: 0 }
    }
}

impl Default for At {
    fn default() -> Self {
        Self::Preface(PREFACE)
    }
}

/// Splits off up to `most` octets.
fn take<'a>(octets: &mut &'a mut [u8], most: u32) -> &'a mut [u8] {
    let length = octets.len().min(most as usize);
    octets.split_off_mut(..length).unwrap_or_default()
}

/// The octets of a frame's head.
const HEAD: usize = 9;
/// The octets of the priority fields: stream dependency and weight.
const PRIORITY_LENGTH: u8 = 5;
/// The bits of a stream identifier; the one above is reserved, or says "exclusive".
const STREAM: u32 = 0x7fff_ffff;

const HEADERS: u8 = 0x1;
const PUSH_PROMISE: u8 = 0x5;
const CONTINUATION: u8 = 0x9;

const FLAG_END_HEADERS: u8 = 0x4;
const FLAG_PADDED: u8 = 0x8;
const FLAG_PRIORITY: u8 = 0x20;

/// What a client sends first.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
