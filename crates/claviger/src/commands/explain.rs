//! `claviger explain`.

mod action;
mod context;
mod direction;
mod question;

use authz::{
    decision::Verdict,
    render::{Answer, Detail, Theme},
    request::Request,
    rules::Assumptions,
    world::World,
};
use clap::Args;

use self::question::{Question, QuestionFlags};
use crate::{
    exit::Exit,
    facts::FactFlags,
    failure::Failure,
    printer::{Format, Printer, note},
};

const EXAMPLES: &str = "\
Examples:
  May Karpenter's controller make the grant that EC2 needs for a volume under another account's key?
    claviger explain --world world.yaml --via ec2.amazonaws.com --action kms:CreateGrant \\
      --principal arn:aws:iam::111122223333:role/KarpenterController \\
      --resource arn:aws:kms:us-west-2:444455556666:key/1234abcd-12ab-34cd-56ef-1234567890ab

  The same over what the aws CLI prints, each with the account or key that it is about:
    aws iam get-account-authorization-details > cluster.json
    aws kms get-key-policy --key-id KEY_ARN --policy-name default > policy.json
    aws kms list-grants --key-id KEY_ARN > grants.json
    claviger explain --aws-output 111122223333=cluster.json --aws-output KEY_ARN=policy.json \\
      --aws-output 444455556666=grants.json --principal ... --action ... --resource ...

  Over an embedded AWS that runs, as it is at this moment:
    claviger explain --endpoint-url http://127.0.0.1:4566 --who-can kms:Decrypt KEY_ARN

  A question with everything that it can hold, from a file; the answer for a program:
    claviger explain --world world.yaml --request request.yaml -o json

  Who may use a key, and what a role may do:
    claviger explain --world world.yaml --who-can kms:Decrypt KEY_ARN
    claviger explain --world world.yaml --what-can ROLE_ARN --service ec2

A context key that nobody told is unknown, and what hangs on it becomes part of the answer.
Exit codes: 0 allowed, or listed; 2 denied, or allowed on a condition; 1 a file that is not right; 3 bad usage.";

/// Tell whether AWS allows a request, why, and what would change that
///
/// Decides as AWS documents it: identity and resource policies, permissions boundaries, session policies, service and
/// resource control policies, KMS grants and key states, within an account and across. Nothing is changed, and AWS is not
/// called.
#[derive(Args, Debug)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct Explain {
    #[command(flatten)]
    facts: FactFlags,

    #[command(flatten)]
    question: QuestionFlags,

    /// Do not look for what would allow the request: in a large world that takes a while
    #[arg(long)]
    no_fix: bool,

    /// Tell each rule that had a say, with its source
    #[arg(long)]
    rules: bool,

    /// The form of what is printed
    #[arg(short, long, value_name = "FORMAT", default_value = "text")]
    output: Format,
}

impl Explain {
    pub(crate) fn run(&self) -> Result<Exit, Failure> {
        let assumptions = self.question.assumptions()?;
        let world = self.facts.world()?;
        let printer = Printer::new(self.output);
        match self.question.question(&world)? {
            Question::May(request) => self.may(&world, &request, &assumptions, printer),
            Question::WhoCan(request) => {
                direction::who_can(&world, &request, &assumptions, printer).map(|()| Exit::Done)
            }
            Question::WhatCan(request) => {
                let services = &self.question.service;
                direction::what_can(&world, &request, services, &assumptions, printer).map(|()| Exit::Done)
            }
        }
    }

    fn may(
        &self,
        world: &World,
        request: &Request,
        assumptions: &Assumptions,
        printer: Printer,
    ) -> Result<Exit, Failure> {
        let explanation = world.explain(request, assumptions);
        for (told, asked) in context::misspelt(request, &explanation) {
            note(format_args!("note: no policy asks about the context key `{told}`; did you mean `{asked}`?"));
        }
        let near = world.near_misses(request, assumptions, &explanation);
        let fixes = (!self.no_fix).then(|| world.fixes(request, assumptions));
        let (near, fixes) = (near.as_slice(), fixes.as_ref());
        let answer = Answer { world, request, assumptions, explanation: &explanation, near, fixes };
        printer.either(|| self.text(&answer), || answer.json())?;
        Ok(match explanation.verdict {
            Verdict::Allowed => Exit::Done,
            Verdict::Denied(_) | Verdict::AllowedIff(_) => Exit::Findings,
        })
    }

    fn text(&self, answer: &Answer<'_>) -> String {
        let detail = if self.rules { Detail::Rules } else { Detail::Short };
        let mut text = answer.text(Theme::COLOUR, detail);
        if let Some(key) = answer.open_keys().first() {
            let help = Theme::COLOUR.help;
            text.push_str(&format!(
                "  {help}help{help:#}     tell what is unknown: `--context {key}=VALUE`, or `--context {key}=absent`; \
                 `--other-keys absent` if nothing else is in the request\n"
            ));
        }
        text
    }
}
