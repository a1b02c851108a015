//! Connections to try, each with a hole for the value of `:authority`.

use crate::wire::*;

pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) octets: Octets,
    /// The rewrite stops at something that h2 survives, so that the authority after it goes through as it is.
    pub(crate) stops: bool,
}

/// What a client sends, around that value.
pub(crate) type Octets = Box<dyn Fn(&Value) -> Vec<u8>>;

/// One call as gRPC clients make it.
pub(crate) fn one_request(value: &Value) -> Vec<u8> {
    connection(&[request(1, &block(&authority(value)))])
}

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = Cases(Vec::new());
    frames(&mut cases);
    broken_frames(&mut cases);
    interrupted_blocks(&mut cases);
    forms(&mut cases);
    lengths(&mut cases);
    tables(&mut cases);
    fields(&mut cases);
    cases.0
}

/// Two calls, the block of the first in two parts: a CONTINUATION goes on with it at `at`, where it is that long.
pub(crate) fn continued_at(at: usize, value: &Value) -> Option<Vec<u8>> {
    let block = block(&authority(value));
    let (first, second) = block.split_at_checked(at)?;
    let (first, second) = (frame(HEADERS, 0, 1, first), frame(CONTINUATION, END_HEADERS, 1, second));
    Some(connection(&[first, second, message(1), after(3, value)]))
}

struct Cases(Vec<Case>);

impl Cases {
    /// A connection of these frames.
    fn add(&mut self, name: impl Into<String>, frames: impl Fn(&Value) -> Vec<Vec<u8>> + 'static) {
        let octets = Box::new(move |value: &Value| connection(&frames(value)));
        self.0.push(Case { name: name.into(), octets, stops: false });
    }

    /// A call with this block, and a usual one after it.
    fn add_block(&mut self, name: impl Into<String>, block_of: impl Fn(&Value) -> Vec<u8> + 'static) {
        self.add(name, move |v| vec![request(1, &block_of(v)), request(3, &block(&authority(v)))]);
    }

    /// Octets as they are.
    fn add_raw(&mut self, name: &str, octets: impl Fn(&Value) -> Vec<u8> + 'static) {
        self.0.push(Case { name: name.to_owned(), octets: Box::new(octets), stops: false });
    }
}

/// `:authority` as grpc-go sends it first: literal with indexing, name from the static table.
fn authority(value: &Value) -> Vec<u8> {
    [vec![0x41], value.literal()].concat()
}

/// The fields of an Encrypt, with `authority` in its usual place.
fn block(authority: &[u8]) -> Vec<u8> {
    block_to(&[0x83], authority)
}

fn block_to(method: &[u8], authority: &[u8]) -> Vec<u8> {
    [
        method.to_vec(),
        vec![0x86],
        [vec![0x44], string(0, b"/v2.KeyManagementService/Encrypt")].concat(),
        authority.to_vec(),
        regular(),
    ]
    .concat()
}

fn regular() -> Vec<u8> {
    [[vec![0x5f], string(0, b"application/grpc")].concat(), field("te", b"trailers")].concat()
}

/// HEADERS in one frame.
fn headers(stream: u32, block: &[u8]) -> Vec<u8> {
    frame(HEADERS, END_HEADERS, stream, block)
}

/// A gRPC message, EncryptRequest{plaintext: "ping"}, and the end of the stream.
fn message(stream: u32) -> Vec<u8> {
    frame(DATA, END_STREAM, stream, b"\0\0\0\0\x06\x0a\x04ping")
}

fn request(stream: u32, block: &[u8]) -> Vec<u8> {
    [headers(stream, block), message(stream)].concat()
}

fn after(stream: u32, value: &Value) -> Vec<u8> {
    request(stream, &block(&authority(value)))
}

/// Blocks in any number of frames, with all that may stand around them.
fn frames(cases: &mut Cases) {
    cases.add_raw("one call", one_request);
    cases.add("three calls", |v| vec![after(1, v), after(3, v), after(5, v)]);
    for at in [0, 1, 2, 3, 30, 35, 36, 37, 38, 40, 45, 50, 60, 70] {
        cases.add(format!("CONTINUATION at {at}"), move |v| {
            let block = block(&authority(v));
            let (first, second) = block.split_at(at.min(block.len()));
            vec![frame(HEADERS, 0, 1, first), frame(CONTINUATION, END_HEADERS, 1, second), message(1), after(3, v)]
        });
    }
    for size in [1, 2, 3, 5] {
        cases.add(format!("fragments of {size}"), move |v| {
            let block = block(&authority(v));
            let mut frames = vec![frame(HEADERS, 0, 1, &[])];
            frames.extend(block.chunks(size).map(|part| frame(CONTINUATION, 0, 1, part)));
            frames.extend([frame(CONTINUATION, END_HEADERS, 1, &[]), message(1), after(3, v)]);
            frames
        });
    }
    cases.add("empty fragments inside", |v| {
        let block = block(&authority(v));
        let (first, second) = block.split_at(block.len() - 30);
        let empty = frame(CONTINUATION, 0, 1, &[]);
        let last = frame(CONTINUATION, END_HEADERS, 1, second);
        vec![frame(HEADERS, 0, 1, first), empty.clone(), empty, last, message(1)]
    });
    for pad in [0_u8, 1, 255] {
        cases.add(format!("PADDED by {pad}"), move |v| {
            let payload = [vec![pad], block(&authority(v)), vec![0; pad.into()]].concat();
            vec![frame(HEADERS, END_HEADERS | PADDED, 1, &payload), message(1), after(3, v)]
        });
    }
    cases.add("PADDED with what looks like an authority", |v| {
        let padding = authority(v);
        let payload = [vec![padding.len() as u8], block(&authority(v)), padding].concat();
        vec![frame(HEADERS, END_HEADERS | PADDED, 1, &payload), message(1), after(3, v)]
    });
    cases.add("PRIORITY", |v| {
        let payload = [vec![0, 0, 0, 0, 16], block(&authority(v))].concat();
        vec![frame(HEADERS, END_HEADERS | HAS_PRIORITY, 1, &payload), message(1), after(3, v)]
    });
    cases.add("PRIORITY, exclusive", |v| {
        let payload = [vec![0x80, 0, 0, 7, 16], block(&authority(v))].concat();
        vec![frame(HEADERS, END_HEADERS | HAS_PRIORITY, 1, &payload), message(1), after(3, v)]
    });
    cases.add("PADDED and PRIORITY", |v| {
        let payload = [vec![3, 0, 0, 0, 0, 16], block(&authority(v)), vec![0; 3]].concat();
        vec![frame(HEADERS, END_HEADERS | PADDED | HAS_PRIORITY, 1, &payload), message(1), after(3, v)]
    });
    cases.add("PADDED, in a CONTINUATION as well, which has no such flag", |v| {
        let block = block(&authority(v));
        let (first, second) = block.split_at(10);
        let first = [vec![2], first.to_vec(), vec![0, 0]].concat();
        let second = frame(CONTINUATION, END_HEADERS | PADDED, 1, second);
        vec![frame(HEADERS, PADDED, 1, &first), second, message(1), after(3, v)]
    });
    cases.add("unknown flags", |v| {
        vec![frame(HEADERS, END_HEADERS | 0xd2, 1, &block(&authority(v))), message(1), after(3, v)]
    });
    cases.add("the reserved bit of the stream", |v| {
        vec![frame(HEADERS, END_HEADERS, 0x8000_0001, &block(&authority(v))), message(1), after(3, v)]
    });
    for (name, other) in [
        ("PRIORITY", frame(PRIORITY, 0, 3, &[0, 0, 0, 0, 1])),
        ("PING", frame(PING, 0, 0, &[7; 8])),
        ("WINDOW_UPDATE", frame(WINDOW_UPDATE, 0, 0, &[0, 0, 1, 0])),
        ("SETTINGS of a table", frame(SETTINGS, 0, 0, &[0, 1, 0, 0, 0, 0])),
        ("an unknown frame", frame(0x77, 0xff, 9, &block(&authority(&Value::plain("/x"))))),
        ("RST_STREAM", frame(RST_STREAM, 0, 1, &[0, 0, 0, 8])),
        ("GOAWAY", frame(GOAWAY, 0, 0, &[0; 8])),
    ] {
        cases.add(format!("{name} between calls"), move |v| vec![after(1, v), other.clone(), after(3, v)]);
    }
    cases.add("DATA that looks like HEADERS", |v| {
        let body = headers(3, &block(&authority(&Value::plain("/run/kms.sock"))));
        let message = [vec![0, 0, 0, 0, (body.len() + 2) as u8, 0x0a, body.len() as u8], body].concat();
        vec![headers(1, &block(&authority(v))), frame(DATA, END_STREAM, 1, &message), after(3, v)]
    });
}

/// HEADERS that h2 refuses.
fn broken_frames(cases: &mut Cases) {
    for (name, flags, payload) in [
        ("PADDED, and empty", PADDED, vec![]),
        ("PADDED, and nothing but the padding", PADDED, vec![3, 0, 0, 0]),
        ("padding over the payload", PADDED, vec![9, 0x83, 0x86]),
        ("PRIORITY, too short", HAS_PRIORITY, vec![0, 0, 0, 0]),
        ("PADDED and PRIORITY, too short", PADDED | HAS_PRIORITY, vec![0, 0, 0, 0, 0]),
        ("PADDED and PRIORITY, padding over the payload", PADDED | HAS_PRIORITY, vec![2, 0, 0, 0, 0, 16, 0x83]),
        ("an empty block", 0, vec![]),
    ] {
        cases.add(name, move |v| vec![frame(HEADERS, END_HEADERS | flags, 1, &payload), message(1), after(3, v)]);
    }
    cases.add("a stream that depends on itself", |v| {
        let payload = [vec![0x80, 0, 0, 1, 16], block(&authority(v))].concat();
        vec![frame(HEADERS, END_HEADERS | HAS_PRIORITY, 1, &payload), message(1), after(3, v)]
    });
    if let Some(case) = cases.0.last_mut() {
        case.stops = true;
    }
    cases.add("HEADERS on stream 0", |v| vec![after(0, v), after(3, v)]);
    cases.add("HEADERS on an even stream", |v| vec![after(2, v), after(3, v)]);
    cases.add("a stream that was passed over", |v| vec![after(5, v), after(3, v)]);
    cases.add("a frame over the maximum", |v| {
        vec![headers(1, &[block(&authority(v)), field("x", &[b'x'; 16_400])].concat()), message(1)]
    });
    cases.add_raw("an HTTP/1.1 request", |v| {
        [b"POST / HTTP/1.1\r\nHost: ".to_vec(), v.text.clone(), b"\r\n\r\n".to_vec()].concat()
    });
    cases.add_raw("half a preface", |_| PREFACE[..12].to_vec());
    cases.add_raw("a preface that ends otherwise", |v| {
        let mut octets = one_request(v);
        octets[23] = b'x';
        octets
    });
    cases.add_raw("no SETTINGS", |v| [PREFACE.to_vec(), after(1, v)].concat());
}

/// What stands where a CONTINUATION should, and CONTINUATIONs where none should.
fn interrupted_blocks(cases: &mut Cases) {
    cases.add("CONTINUATION alone", |v| {
        vec![frame(CONTINUATION, END_HEADERS, 1, &block(&authority(v))), message(1), after(3, v)]
    });
    cases.add("CONTINUATION after the end", |v| {
        vec![headers(1, &block(&authority(v))), frame(CONTINUATION, END_HEADERS, 1, &authority(v)), message(1)]
    });
    for (name, other) in [
        ("CONTINUATION on another stream", frame(CONTINUATION, END_HEADERS, 3, &[0x86])),
        ("DATA", frame(DATA, 0, 1, b"\0\0\0\0\0")),
        ("PING", frame(PING, 0, 0, &[7; 8])),
        ("SETTINGS", frame(SETTINGS, 0, 0, &[])),
        ("PRIORITY", frame(PRIORITY, 0, 3, &[0, 0, 0, 0, 1])),
        ("an unknown frame", frame(0x77, 0, 1, &[0x86])),
        ("HEADERS", headers(3, &[0x86])),
        ("PUSH_PROMISE", frame(PUSH_PROMISE, END_HEADERS, 1, &[0, 0, 0, 2, 0x86])),
    ] {
        cases.add(format!("{name} inside a block"), move |v| {
            let block = block(&authority(v));
            let (first, second) = block.split_at(3);
            let rest = frame(CONTINUATION, END_HEADERS, 1, second);
            vec![frame(HEADERS, 0, 1, first), other.clone(), rest, message(1), after(3, v)]
        });
    }
    cases.add("PUSH_PROMISE", |v| {
        let promise = [vec![0, 0, 0, 2], block(&authority(v))].concat();
        vec![frame(PUSH_PROMISE, END_HEADERS, 1, &promise), after(3, v)]
    });
    cases.add("a flood of empty CONTINUATIONs", |v| {
        let mut frames = vec![frame(HEADERS, 0, 1, &block(&authority(v)))];
        frames.extend(vec![frame(CONTINUATION, 0, 1, &[]); 2000]);
        frames.extend([frame(CONTINUATION, END_HEADERS, 1, &[]), message(1)]);
        frames
    });
    for from_end in [1, 2, 9, 20, 40] {
        cases.add(format!("a block that ends {from_end} early"), move |v| {
            let block = block(&authority(v));
            vec![headers(1, &block[..block.len() - from_end]), message(1), after(3, v)]
        });
    }
}

/// Every way to write the field.
fn forms(cases: &mut Cases) {
    let (plain, coded) = (string(0, b":authority"), string(0x80, &huffman(b":authority")));
    for (form, first, bits) in [("with indexing", 0x40, 6), ("without indexing", 0, 4), ("never indexed", 0x10, 4)] {
        for (kind, name) in [
            ("static", integer(first, bits, 1)),
            ("plain", [vec![first], plain.clone()].concat()),
            ("Huffman", [vec![first], coded.clone()].concat()),
            ("dynamic", integer(first, bits, 62)),
        ] {
            cases.add(format!("{form}, {kind} name"), move |v| {
                let again = [name.clone(), v.literal(), block(&[])].concat();
                vec![request(1, &newest_is_authority(v)), request(3, &again), after(5, v)]
            });
        }
        for (kind, name) in [
            ("another last letter", string(0, b":authoritx")),
            ("one letter less", string(0, b":authorit")),
            ("one letter more", string(0, b":authoritya")),
            ("capitals", string(0, b":Authority")),
            ("no letter", string(0, b"")),
            ("Huffman with wrong padding", string(0x80, &[0xb8, 0x3b, 0x53, 0x39, 0xec, 0x32, 0x7d, 0x7e])),
            ("Huffman with an octet of padding", string(0x80, &[0xb8, 0x3b, 0x53, 0x39, 0xec, 0x32, 0x7d, 0x7f, 0xff])),
        ] {
            let fixed = Value::plain("/run/kms.sock").literal();
            cases.add(format!("{form}, a name with {kind}"), move |v| {
                let other = [vec![first], name.clone(), fixed.clone()].concat();
                vec![request(1, &[block(&authority(v)), other].concat()), after(3, v)]
            });
        }
    }
}

/// Leaves an `:authority` as the newest entry of the dynamic table.
fn newest_is_authority(value: &Value) -> Vec<u8> {
    // As regular fields follow pseudo-fields, they must not be inserted after it.
    let path = [vec![0x04], string(0, b"/v2.KeyManagementService/Encrypt")].concat();
    let content_type = [vec![0x0f, 0x10], string(0, b"application/grpc")].concat();
    [vec![0x83, 0x86], path, authority(value), content_type].concat()
}

/// Every way to write the length.
fn lengths(cases: &mut Cases) {
    for length in [1_usize, 126, 127, 128, 254, 255, 256, 400, 5000] {
        cases.add_block(format!("an authority of {length}"), move |v| {
            let mut long = v.clone();
            long.text = v.text.iter().copied().cycle().take(length).collect();
            block(&authority(&long))
        });
    }
    for (name, length) in [
        ("in two octets", vec![0x7f, 0x00]),
        ("in three", vec![0x7f, 0x80, 0x00]),
        ("in four", vec![0x7f, 0x80, 0x80, 0x00]),
        ("in five", vec![0x7f, 0x80, 0x80, 0x80, 0x00]),
        ("in six, which is one too many", vec![0x7f, 0x80, 0x80, 0x80, 0x80, 0x00]),
    ] {
        let of_value = length.clone();
        cases.add_block(format!("a length of 127 {name}"), move |v| {
            let text: Vec<u8> = v.text.iter().copied().cycle().take(127).collect();
            block(&[vec![0x41], of_value.clone(), text].concat())
        });
        cases.add_block(format!("an index that is written {name}"), move |_| {
            // 0x40 | 63: the same, for the prefix of six bits; there is no such entry.
            [vec![0x7f], length[1..].to_vec(), string(0, b"x")].concat()
        });
    }
    cases.add_block("a length beyond the block", |_| block(&[0x41, 0x7f, 0xff, 0xff, 0x01]));
    cases.add_block("an empty authority", |_| block(&[0x41, 0]));
    cases.add_block("an empty authority, Huffman", |_| block(&[0x41, 0x80]));
    cases.add_block("no authority", |_| block(&[]));
}

/// The dynamic table.
fn tables(cases: &mut Cases) {
    cases.add("all fields by index the second time", |v| {
        // Newest first: te 62, content-type 63, :authority 64, :path 65.
        vec![after(1, v), request(3, &[0x83, 0x86, 0xc1, 0xc0, 0xbf, 0xbe]), after(5, v)]
    });
    cases.add("size 0 and back to 4096", |v| {
        let update = vec![0x20, 0x3f, 0xe1, 0x1f];
        vec![after(1, v), request(3, &[update, block(&authority(v))].concat()), after(5, v)]
    });
    cases.add("size 0, and then an entry that is gone", |v| vec![after(1, v), request(3, &[0x20, 0xbe])]);
    cases.add("size 64: room for one", |v| {
        vec![
            after(1, v),
            request(3, &[vec![0x3f, 0x21], block(&authority(v))].concat()),
            request(5, &[0x83, 0x86, 0xbe]),
        ]
    });
    cases.add_block("a size update within a block", |v| [block(&authority(v)), vec![0x20]].concat());
    cases.add_block("a size over the maximum", |v| [vec![0x3f, 0xe2, 0x1f], block(&authority(v))].concat());
    cases.add("a size update at the start of a CONTINUATION", |v| {
        let rest = [vec![0x20], block(&authority(v))].concat();
        vec![frame(HEADERS, 0, 1, &[]), frame(CONTINUATION, END_HEADERS, 1, &rest), message(1), after(3, v)]
    });
    cases.add_block("index 0", |v| [vec![0x80], block(&authority(v))].concat());
    cases.add_block("an index of the empty table", |v| [vec![0xbe], block(&authority(v))].concat());
    cases.add_block("a name of the empty table", |v| [vec![0x7e], v.literal()].concat());
    cases.add_block("an index far out", |v| [vec![0xff, 0xff, 0xff, 0x7f], block(&authority(v))].concat());
    cases.add_block("an authority of the static table, which is empty", |_| block(&[0x81]));
    for (entries, index) in [(60, 62 + 60), (122, 62 + 122), (127, 62 + 127), (128, 62 + 128), (130, 62 + 130)] {
        cases.add(format!("{entries} entries after an authority, and its name by index {index}"), move |v| {
            // The least entry has 32 octets.
            let filling = vec![[0x40, 0x01, b'x', 0].to_vec(); entries].concat();
            let again = [integer(0x40, 6, index), v.literal(), block(&[])].concat();
            let filled = [newest_is_authority(v), filling].concat();
            vec![request(1, &filled), request(3, &again), after(5, v)]
        });
    }
    cases.add("more insertions than there are bits", |v| {
        let mut frames = vec![after(1, v)];
        for stream in 1..40 {
            let filling: Vec<u8> = (0..10).flat_map(|n| field(&format!("x-{stream}-{n}"), &[b'y'; 20])).collect();
            frames.push(request(stream * 2 + 1, &[block(&authority(v)), filling].concat()));
        }
        // By the name of an entry: since then came content-type, te and ten more.
        frames.push(request(99, &[integer(0x40, 6, 62 + 12), v.literal(), block(&[])].concat()));
        frames
    });
    cases.add("an entry larger than the table empties it", |v| {
        let large = field("x-large", &[b'x'; 5000]);
        let call = request(3, &[block(&authority(v)), large].concat());
        vec![after(1, v), call, request(5, &[0x83, 0x86, 0xbe]), after(7, v)]
    });
    cases.add("an authority larger than the table empties it", |v| {
        let mut long = v.clone();
        long.text = v.text.iter().copied().cycle().take(7000).collect();
        vec![after(1, v), request(3, &block(&authority(&long))), after(5, v), request(7, &block(&[0xc0]))]
    });
}

/// What the fields say.
fn fields(cases: &mut Cases) {
    cases.add_block("two authorities", |v| block(&[authority(v), authority(v)].concat()));
    cases.add_block("an authority after regular fields", |v| [block(&[]), authority(v)].concat());
    cases.add("an authority in trailers", |v| {
        let message = frame(DATA, 0, 1, b"\0\0\0\0\x06\x0a\x04ping");
        let trailers = frame(HEADERS, END_HEADERS | END_STREAM, 1, &authority(v));
        vec![headers(1, &block(&authority(v))), message, trailers, after(3, v)]
    });
    cases.add("regular trailers", |v| {
        let message = frame(DATA, 0, 1, b"\0\0\0\0\x06\x0a\x04ping");
        let trailers = frame(HEADERS, END_HEADERS | END_STREAM, 1, &field("x-end", b"/run/kms.sock"));
        vec![headers(1, &block(&authority(v))), message, trailers, after(3, v)]
    });
    cases.add_block("a host that is a path", |v| [block(&authority(v)), field("host", b"/run/kms.sock")].concat());
    cases.add_block("a value that looks like an authority", |v| {
        [block(&authority(v)), field("x-odd", &authority(&Value::plain("/run/kms.sock")))].concat()
    });
    cases.add_block("an authority first", |v| [authority(v), block(&[])].concat());
    cases.add_block("no path", |v| [vec![0x83, 0x86], authority(v), regular()].concat());
    cases.add_block("an unknown path", |v| {
        [vec![0x83, 0x86, 0x44], string(0, b"/v3.KeyManagementService/Encrypt"), authority(v), regular()].concat()
    });
    cases.add_block("an unknown pseudo-field", |v| [field(":nonsense", b"1"), block(&authority(v))].concat());
    cases.add_block("a connection field", |v| [block(&authority(v)), field("connection", b"close")].concat());
    cases.add_block("GET", |v| block_to(&[0x82], &authority(v)));
    cases.add_block("CONNECT without a path", |v| {
        [[vec![0x42], string(0, b"CONNECT")].concat(), authority(v), regular()].concat()
    });
    cases.add("a header of 20 kB", |v| {
        let block = [block(&authority(v)), field("x-large", &[b'x'; 20_000])].concat();
        let (first, second) = block.split_at(16_000);
        vec![frame(HEADERS, 0, 1, first), frame(CONTINUATION, END_HEADERS, 1, second), message(1), after(3, v)]
    });
    cases.add_block("CONNECT with a path", |v| block_to(&[vec![0x42], string(0, b"CONNECT")].concat(), &authority(v)));
    cases.add_block("CONNECT with a path and no scheme", |v| {
        let path = [vec![0x44], string(0, b"/v2.KeyManagementService/Encrypt")].concat();
        [[vec![0x42], string(0, b"CONNECT")].concat(), path, authority(v), regular()].concat()
    });
}
