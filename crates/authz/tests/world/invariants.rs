//! What holds of any text that is read as a world, a request, a file of cases or the answer of a command. Used by the
//! tests and by the fuzz target `world`.

use authz::{
    file::{
        FileError, NoFiles,
        aws_cli::{self, Document},
        case, request, world,
    },
    text::SourceText,
    world::World,
};

/// Takes a text as all that it could be. Answers how many of these it was.
pub(crate) fn take(text: &str) -> usize {
    let source = SourceText::new("fuzz", text);
    let as_world = sound(world::read(&source, &NoFiles));
    let known = as_world.clone().unwrap_or_default();
    let as_request = sound(request::read(&source, &known, &NoFiles));
    let as_cases = sound(case::read(&source, &NoFiles));
    for case in as_cases.iter().flat_map(|cases| &cases.requests) {
        for question in [Some(&case.question), case.mutant.as_ref()].into_iter().flatten() {
            let again = world::read(&SourceText::new("again", question.world_file.as_str()), &NoFiles);
            let world = again.expect("a world that was read is read again from its JSON");
            let again = SourceText::new("again", question.request_file.as_str());
            request::read(&again, &world, &NoFiles).expect("and so is the request");
        }
    }
    written(as_world.as_ref());
    let account = "111122223333".parse().expect("an account's id");
    let about = "arn:aws:kms:us-west-2:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab".to_owned();
    let document = Document { account, about: Some(about), source };
    let mut answered = World::new();
    let as_answer = sound(aws_cli::add(&mut answered, &[document]));
    written(as_answer.is_some().then_some(&answered));
    [as_world.is_some(), as_request.is_some(), as_cases.is_some(), as_answer.is_some()]
        .into_iter()
        .filter(|is| *is)
        .count()
}

/// A world that was read is written, unless it has no form, and read again as the same.
fn written(world: Option<&World>) {
    let Some(Ok(text)) = world.map(|world| world::write(world, 1 << 20)) else { return };
    let again = world::read(&SourceText::new("again", text.as_str()), &NoFiles).expect("it is read again");
    assert_eq!(world::write(&again, 1 << 20).as_ref(), Ok(&text), "the same each time");
}

/// A refusal points into the text that it is about, and says something.
fn sound<T>(read: Result<T, FileError>) -> Option<T> {
    match read {
        Ok(read) => Some(read),
        Err(error) => {
            let (source, span) = (error.source_text(), error.span());
            assert!(span.start <= span.end && span.end as usize <= source.text().len(), "{error}: {span:?}");
            assert!(source.text().is_char_boundary(span.start as usize), "{error}: {span:?}");
            assert!(error.place().line <= source.text().matches('\n').count() + 1, "{error}");
            assert!(!error.problem().to_string().is_empty());
            None
        }
    }
}
