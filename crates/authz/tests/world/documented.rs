//! The examples of `docs/reference/world-files.md` read, and so name no field that does not exist.

use std::{fs, path::Path};

use authz::{
    file::{NoFiles, request, world},
    text::SourceText,
};

/// Every example, with a policy of the right kind wherever one is to be written.
fn examples() -> Vec<String> {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference/world-files.md");
    let page = fs::read_to_string(page).unwrap();
    let blocks = page.split("```yaml\n").skip(1).map(|block| block.split("```").next().unwrap());
    let with_policies = |block: &str| {
        let lines = block.lines().map(|line| {
            let of_resource = [" trust: POLICY", "policy: POLICY"].iter().any(|field| line.contains(field));
            let rest = match (of_resource, line.contains("trust")) {
                (true, true) => r#""Principal": {"AWS": "*"}, "Action": "sts:AssumeRole""#,
                (true, false) => r#""Principal": "*", "Resource": "*", "Action": "kms:*""#,
                (false, _) => r#""Resource": "*", "Action": "*""#,
            };
            line.replace(
                "POLICY",
                &format!(r#"{{"Version": "2012-10-17", "Statement": {{"Effect": "Allow", {rest}}}}}"#),
            ) + "\n"
        });
        lines.collect()
    };
    blocks.map(with_policies).collect()
}

#[test]
fn the_documented_world_and_request_read() {
    let [a_world, a_request] = &examples()[..] else { unreachable!("one world and one request are documented") };
    let known = world::read(&SourceText::new("world", a_world.as_str()), &NoFiles);
    let known = known.unwrap_or_else(|error| panic!("{error}\n{a_world}"));
    request::read(&SourceText::new("request", a_request.as_str()), &known, &NoFiles)
        .unwrap_or_else(|error| panic!("{error}\n{a_request}"));
}
