//! HTTP/2 and HPACK by hand, right or wrong as a case wants it.

pub(crate) const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

pub(crate) const DATA: u8 = 0;
pub(crate) const HEADERS: u8 = 1;
pub(crate) const PRIORITY: u8 = 2;
pub(crate) const RST_STREAM: u8 = 3;
pub(crate) const SETTINGS: u8 = 4;
pub(crate) const PUSH_PROMISE: u8 = 5;
pub(crate) const PING: u8 = 6;
pub(crate) const GOAWAY: u8 = 7;
pub(crate) const WINDOW_UPDATE: u8 = 8;
pub(crate) const CONTINUATION: u8 = 9;

pub(crate) const END_STREAM: u8 = 0x1;
pub(crate) const END_HEADERS: u8 = 0x4;
pub(crate) const PADDED: u8 = 0x8;
pub(crate) const HAS_PRIORITY: u8 = 0x20;

/// The value of an `:authority`, and how it is to be written.
#[derive(Clone, Debug)]
pub(crate) struct Value {
    pub(crate) text: Vec<u8>,
    pub(crate) huffman: bool,
}

impl Value {
    pub(crate) fn plain(text: &str) -> Self {
        Self { text: text.as_bytes().to_vec(), huffman: false }
    }

    pub(crate) fn huffman(text: &str) -> Self {
        Self { text: text.as_bytes().to_vec(), huffman: true }
    }

    /// Its string literal.
    pub(crate) fn literal(&self) -> Vec<u8> {
        if self.huffman { string(0x80, &huffman(&self.text)) } else { string(0, &self.text) }
    }
}

pub(crate) fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    let mut octets = length[1..].to_vec();
    octets.extend([kind, flags]);
    octets.extend(stream.to_be_bytes());
    octets.extend(payload);
    octets
}

/// The preface, empty SETTINGS, and `frames`.
pub(crate) fn connection(frames: &[Vec<u8>]) -> Vec<u8> {
    let mut octets = PREFACE.to_vec();
    octets.extend(frame(SETTINGS, 0, 0, &[]));
    octets.extend(frames.concat());
    octets
}

/// An integer with a prefix of `bits` bits; the rest of the first octet is `first`.
pub(crate) fn integer(first: u8, bits: u8, value: usize) -> Vec<u8> {
    let mask = (1_usize << bits) - 1;
    if value < mask {
        return vec![first | value as u8];
    }
    let mut octets = vec![first | mask as u8];
    let mut rest = value - mask;
    while rest >= 128 {
        octets.push(0x80 | (rest % 128) as u8);
        rest /= 128;
    }
    octets.push(rest as u8);
    octets
}

/// A string literal of octets as they are; `first` is 0x80 when they are Huffman-coded.
pub(crate) fn string(first: u8, octets: &[u8]) -> Vec<u8> {
    [integer(first, 7, octets.len()), octets.to_vec()].concat()
}

/// A literal field with incremental indexing and a plain new name.
pub(crate) fn field(name: &str, value: &[u8]) -> Vec<u8> {
    [vec![0x40], string(0, name.as_bytes()), string(0, value)].concat()
}

/// RFC 7541, appendix B, as far as the tests need it.
pub(crate) fn huffman(text: &[u8]) -> Vec<u8> {
    let mut bits = Vec::new();
    for octet in text {
        let (code, length): (u32, u32) = match octet {
            b'0'..=b'2' => (u32::from(octet - b'0'), 5),
            b'a' => (0x3, 5),
            b'c' => (0x4, 5),
            b'e' => (0x5, 5),
            b'i' => (0x6, 5),
            b'o' => (0x7, 5),
            b's' => (0x8, 5),
            b't' => (0x9, 5),
            b'%' => (0x15, 6),
            b'.' => (0x17, 6),
            b'/' => (0x18, 6),
            b'd' => (0x24, 6),
            b'h' => (0x27, 6),
            b'l' => (0x28, 6),
            b'm' => (0x29, 6),
            b'n' => (0x2a, 6),
            b'p' => (0x2b, 6),
            b'r' => (0x2c, 6),
            b'u' => (0x2d, 6),
            b':' => (0x5c, 7),
            b'F' => (0x61, 7),
            b'k' => (0x75, 7),
            b'w' => (0x78, 7),
            b'x' => (0x79, 7),
            b'y' => (0x7a, 7),
            other => panic!("no code for {other} here"),
        };
        bits.extend((0..length).rev().map(|bit| code >> bit & 1 == 1));
    }
    bits.resize(bits.len().next_multiple_of(8), true);
    bits.chunks(8).map(|octet| octet.iter().fold(0, |all, bit| all << 1 | u8::from(*bit))).collect()
}

#[test]
fn the_codes_are_those_of_the_rfc() {
    // RFC 7541, appendix C.4.1.
    let example = [0xf1, 0xe3, 0xc2, 0xe5, 0xf2, 0x3a, 0x6b, 0xa0, 0xab, 0x90, 0xf4, 0xff];
    assert_eq!(huffman(b"www.example.com"), example);
}
