//! `claviger addons list`, `show`, `plan` and `apply` on an embedded AWS: the walk-through of AWS's announcement, and what people
//! have before it. What was done is read back with the `aws` command.

use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _},
    process::{Command, Output, Stdio},
};

use serde_json::{Value, json};
use tempfile::TempDir;
use test_support::tools;

use crate::support::{Daemon, claviger, told};

const CNI: &str = "AmazonEKSPodIdentityAmazonVPCCNIRole";
const CNI_POLICY: &str = "arn:aws:iam::aws:policy/AmazonEKS_CNI_Policy";
const CNI_ARN: &str = "arn:aws:iam::123456789012:role/AmazonEKSPodIdentityAmazonVPCCNIRole";
/// The version of the walk-through.
const NAMED: &str = "vpc-cni=v1.19.0-eksbuild.1";

/// An embedded AWS of that time, with a cluster.
struct World {
    _aws: Daemon,
    folder: TempDir,
    endpoint: String,
}

impl World {
    fn start() -> Self {
        Self::start_with(&[])
    }

    fn start_with(more: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let arguments = [
            "local-aws",
            "--listen=127.0.0.1:0",
            "-ojson",
            "--clock=2024-11-19T00:00:00Z",
            "--credential=AKIDEXAMPLE:secret:123456789012",
        ];
        let aws = Daemon::start(&[&arguments, more].concat(), folder.path());
        let endpoint = aws.until("ready").pop().unwrap()["endpoint"].as_str().unwrap().to_owned();
        let world = Self { _aws: aws, folder, endpoint };
        world.aws(&format!("iam create-role --role-name cluster --assume-role-policy-document '{}'", trust("eks")));
        world.aws(
            "eks create-cluster --name demo --kubernetes-version 1.30 --role-arn arn:aws:iam::123456789012:role/cluster \
             --resources-vpc-config subnetIds=subnet-1,subnet-2",
        );
        // The waiter of the CLI looks every half minute.
        world.bash("until aws eks describe-cluster --name demo --query cluster.status | grep -q ACTIVE; do :; done");
        world
    }

    fn environment(&self, command: &mut Command) {
        command
            .env("AWS_ENDPOINT_URL", &self.endpoint)
            .env("AWS_REGION", "us-east-2")
            .env("AWS_DEFAULT_REGION", "us-east-2")
            .env("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
            .env("AWS_SECRET_ACCESS_KEY", "secret");
    }

    /// What a command of the `aws` CLI prints, which must succeed.
    fn aws(&self, command: &str) -> Value {
        self.bash(&format!("aws {command}"))
    }

    fn bash(&self, script: &str) -> Value {
        let mut bash = Command::new("/bin/bash");
        let path = format!("{}:/usr/bin:/bin", tools().join("venv/bin").display());
        bash.args(["-e", "-c", script]).env_clear().env("PATH", path).env("HOME", self.folder.path());
        self.environment(&mut bash);
        let output = bash.output().unwrap();
        assert!(output.status.success(), "{script}\n{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap_or(Value::Null)
    }

    fn addons(&self, arguments: &[&str]) -> Output {
        let mut command = claviger(&[&["addons"], arguments, &["--cluster=demo"]].concat());
        self.environment(&mut command);
        command.output().unwrap()
    }

    /// Its exit code and the object that it prints.
    fn json(&self, arguments: &[&str]) -> (i32, Value) {
        let output = self.addons(&[arguments, &["-ojson"]].concat());
        let line = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {}", told(&output)));
        (output.status.code().unwrap(), line)
    }

    fn addon(&self, name: &str) -> Value {
        self.aws(&format!("eks describe-addon --cluster-name demo --addon-name {name}"))["addon"].clone()
    }

    fn trust_of(&self, role: &str) -> Value {
        self.aws(&format!("iam get-role --role-name {role}"))["Role"]["AssumeRolePolicyDocument"].clone()
    }

    /// The role of each association, by service account.
    fn associated(&self) -> Vec<(String, String, bool)> {
        let listed = self.aws("eks list-pod-identity-associations --cluster-name demo");
        let all = listed["associations"].as_array().unwrap().iter().map(|one| {
            let id = one["associationId"].as_str().unwrap();
            let told =
                self.aws(&format!("eks describe-pod-identity-association --cluster-name demo --association-id {id}"));
            let text = |name: &str| told["association"][name].as_str().unwrap().to_owned();
            (text("serviceAccount"), text("roleArn"), told["association"]["ownerArn"].is_string())
        });
        all.collect()
    }
}

fn trust(service: &str) -> Value {
    json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Effect": "Allow",
            "Principal": { "Service": format!("{service}.amazonaws.com") },
            "Action": ["sts:AssumeRole", "sts:TagSession"],
        }],
    })
}

fn steps(line: &Value, member: &str) -> Vec<String> {
    line[member].as_array().unwrap().iter().map(|step| step["step"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn the_walk_through_is_one_command_that_changes_nothing_the_second_time_and_leads_to_irsa_and_back() {
    let world = World::start();
    // Which version needs permissions, and what for.
    let (code, shown) = world.json(&["show", NAMED]);
    let version =
        &shown["versions"].as_array().unwrap().iter().find(|one| one["version"] == "v1.19.0-eksbuild.1").unwrap();
    assert!(code == 0 && version["isDefault"] == true && version["requiresIamPermissions"] == true, "{shown}");
    let account = &shown["serviceAccounts"][0];
    assert_eq!((&account["serviceAccount"], &account["by"]), (&json!("aws-node"), &json!("node")));
    assert_eq!(account["recommendedManagedPolicies"], json!([CNI_POLICY]));

    let (code, planned) = world.json(&["plan", NAMED]);
    assert_eq!(
        (code, steps(&planned, "steps")),
        (2, ["createAddon", "createRole", "attachPolicy", "createAddon"].map(str::to_owned).to_vec())
    );
    assert_eq!(planned["steps"][0]["addon"], "eks-pod-identity-agent");
    assert_eq!(world.aws("eks list-addons --cluster-name demo"), json!({ "addons": [] }));

    let (code, applied) = world.json(&["apply", NAMED]);
    assert_eq!((code, steps(&applied, "done").len(), &applied["left"]), (0, 4, &json!([])), "{applied}");
    let attached = format!("iam list-attached-role-policies --role-name {CNI} --query AttachedPolicies[].PolicyArn");
    assert_eq!(world.aws(&attached), json!([CNI_POLICY]));
    assert_eq!(world.trust_of(CNI), trust("pods.eks"));
    assert_eq!(world.aws(&format!("iam get-role --role-name {CNI} --query Role.Arn")), json!(CNI_ARN));
    let addon = world.addon("vpc-cni");
    assert_eq!((&addon["status"], &addon["addonVersion"]), (&json!("ACTIVE"), &json!("v1.19.0-eksbuild.1")));
    assert_eq!(world.associated(), [("aws-node".to_owned(), CNI_ARN.to_owned(), true)]);

    for arguments in [&["plan"][..], &["apply"], &["plan", NAMED], &["apply", NAMED]] {
        let (code, again) = world.json(arguments);
        let none = again["steps"] == json!([]) || (again["done"] == json!([]) && again["left"] == json!([]));
        assert!(code == 0 && none && again["findings"] == json!([]), "{arguments:?} {again}");
    }
    assert_eq!(world.addon("vpc-cni"), addon);

    // To IRSA: trust for both, the role, and only then the association away.
    let (code, irsa) = world.json(&["apply", "--to=irsa"]);
    assert_eq!(code, 0, "{irsa}");
    assert_eq!(steps(&irsa, "done"), ["createProvider", "updateTrust", "updateAddon", "updateAddon"]);
    assert_eq!(world.addon("vpc-cni")["serviceAccountRoleArn"], CNI_ARN);
    assert!(world.associated().is_empty());
    let both = world.trust_of(CNI);
    let statements = both["Statement"].as_array().unwrap();
    assert_eq!((statements.len(), &statements[0]), (2, &trust("pods.eks")["Statement"][0]));
    let issuer = world.aws("eks describe-cluster --name demo --query cluster.identity.oidc.issuer");
    let subject = format!("{}:sub", issuer.as_str().unwrap().trim_start_matches("https://"));
    assert_eq!(statements[1]["Condition"]["StringEquals"][&subject], "system:serviceaccount:kube-system:aws-node");
    assert_eq!(world.json(&["apply", "--to=irsa"]).1["done"], json!([]));
    let (_, listed) = world.json(&["list"]);
    let cni = listed["addons"].as_array().unwrap().iter().find(|addon| addon["addon"] == "vpc-cni").unwrap();
    assert_eq!(
        (&cni["serviceAccounts"][0]["by"], &cni["serviceAccounts"][0]["findings"]),
        (&json!("irsa"), &json!(["irsa"]))
    );

    // And back: the association first, the role by IRSA away last.
    let (code, planned) = world.json(&["plan"]);
    assert_eq!((code, steps(&planned, "steps")), (2, ["updateAddon", "updateAddon"].map(str::to_owned).to_vec()));
    assert_eq!((&planned["steps"][0]["irsaRole"], &planned["steps"][1]["irsaRole"]), (&json!(CNI_ARN), &Value::Null));
    assert_eq!(world.json(&["apply"]).0, 0);
    assert_eq!(world.addon("vpc-cni").get("serviceAccountRoleArn"), None);
    assert_eq!(world.associated(), [("aws-node".to_owned(), CNI_ARN.to_owned(), true)]);
    assert_eq!(world.json(&["plan"]).0, 0);
}

#[test]
fn the_commands_that_are_printed_do_the_same() {
    let world = World::start();
    let output = world.addons(&["apply", NAMED, "--as=commands", "--trust=cluster"]);
    let commands = String::from_utf8(output.stdout.clone()).unwrap();
    assert!(output.status.success() && commands.lines().all(|line| line.starts_with("aws ")), "{}", told(&output));
    assert_eq!(world.aws("eks list-addons --cluster-name demo"), json!({ "addons": [] }));
    world.bash(&commands);
    let (code, planned) = world.json(&["plan"]);
    assert_eq!((code, &planned["steps"], &planned["findings"]), (0, &json!([]), &json!([])), "{commands}");
    let condition = &world.trust_of(CNI)["Statement"][0]["Condition"];
    assert_eq!(condition["ArnEquals"]["aws:SourceArn"], "arn:aws:eks:us-east-2:123456789012:cluster/demo");
    assert_eq!(condition["StringEquals"]["aws:SourceAccount"], "123456789012");
    let text = told(&world.addons(&["list"]));
    let row = text
        .lines()
        .find(|line| line.starts_with("vpc-cni"))
        .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "));
    assert_eq!(row.unwrap(), format!("vpc-cni v1.19.0-eksbuild.1 ACTIVE yes aws-node Pod Identity {CNI} -"), "{text}");
}

/// After each of the commands the add-on has its role in one way or the other, and the role lets it.
#[test]
fn commands_lead_to_irsa_and_back_and_the_addon_never_has_no_role() {
    let world = World::start();
    assert_eq!(world.json(&["apply", NAMED]).0, 0);
    let issuer = world.aws("eks describe-cluster --name demo --query cluster.identity.oidc.issuer");
    let issuer = issuer.as_str().unwrap().trim_start_matches("https://").to_owned();
    for way in [&["--to=irsa"][..], &[]] {
        let output = world.addons(&[&["apply", "--as=commands"], way].concat());
        let commands = String::from_utf8(output.stdout.clone()).unwrap();
        assert!(output.status.success() && commands.lines().count() >= 2, "{}", told(&output));
        for command in commands.lines() {
            world.bash(command);
            let trusted = world.trust_of(CNI).to_string();
            let by_pod_identity = world.associated().iter().any(|(_, role, _)| role == CNI_ARN);
            let by_irsa = world.addon("vpc-cni")["serviceAccountRoleArn"] == CNI_ARN;
            let is_let = (by_pod_identity && trusted.contains("pods.eks.amazonaws.com"))
                || (by_irsa && trusted.contains(&issuer) && trusted.contains("sts:AssumeRoleWithWebIdentity"));
            assert!(
                is_let,
                "after `{command}` of\n{commands}\nby Pod Identity {by_pod_identity}, by IRSA {by_irsa}: {trusted}"
            );
        }
        let (code, planned) = world.json(&[&["plan"], way].concat());
        assert_eq!((code, &planned["steps"]), (0, &json!([])), "{commands}");
        assert_eq!(world.associated().is_empty(), way == ["--to=irsa"]);
    }
}

#[test]
fn a_role_that_is_there_is_used_if_it_trusts_eks_and_else_told_and_left() {
    let world = World::start();
    let ebs = "AmazonEKSPodIdentityAmazonEBSCSIDriverRole";
    world.aws(&format!("iam create-role --role-name {ebs} --assume-role-policy-document '{}'", trust("ec2")));
    let (code, applied) = world.json(&["apply", "aws-ebs-csi-driver", "vpc-cni"]);
    assert_eq!((code, &applied["findings"][0]["kind"]), (2, &json!("blocked")), "{applied}");
    let text = applied["findings"][0]["text"].as_str().unwrap();
    assert!(text.contains(ebs) && text.contains("--mend-trust"), "{text}");
    assert_eq!(world.trust_of(ebs), trust("ec2"));
    // The other add-on is not kept waiting for it.
    assert_eq!(
        world.aws("eks list-addons --cluster-name demo"),
        json!({ "addons": ["eks-pod-identity-agent", "vpc-cni"] })
    );

    let (code, applied) = world.json(&["apply", "aws-ebs-csi-driver", "--mend-trust"]);
    assert_eq!(
        (code, steps(&applied, "done")),
        (0, ["updateTrust", "attachPolicy", "createAddon"].map(str::to_owned).to_vec())
    );
    let statements = world.trust_of(ebs)["Statement"].clone();
    assert_eq!(statements, json!([trust("ec2")["Statement"][0], trust("pods.eks")["Statement"][0]]));

    // A trust for another cluster alone is none for this one.
    let other = json!({ "ArnEquals": { "aws:SourceArn": "arn:aws:eks:us-east-2:123456789012:cluster/other" } });
    let mut elsewhere = trust("pods.eks");
    elsewhere["Statement"][0]["Condition"] = other;
    world.aws(&format!("iam update-assume-role-policy --role-name {CNI} --policy-document '{elsewhere}'"));
    world.aws(&format!(
        "iam attach-role-policy --role-name {CNI} --policy-arn arn:aws:iam::aws:policy/AdministratorAccess"
    ));
    let (code, planned) = world.json(&["plan", "vpc-cni"]);
    let kinds: Vec<_> = planned["findings"].as_array().unwrap().iter().map(|finding| &finding["kind"]).collect();
    assert_eq!((code, kinds), (2, vec![&json!("blocked"), &json!("tooWide")]), "{planned}");
    let (_, shown) = world.json(&["show", "vpc-cni"]);
    assert_eq!(shown["serviceAccounts"][0]["findings"], json!(["untrusting", "tooWide"]), "{shown}");
}

/// Somebody writes the role's trust policy while another step goes on.
#[test]
fn a_trust_policy_that_changed_since_it_was_looked_at_stops_the_run() {
    let world = World::start_with(&["--fault", "eks:CreateAddon latency=15s times=1"]);
    world.aws(&format!("iam create-role --role-name {CNI} --assume-role-policy-document '{}'", trust("ec2")));
    let mut command = claviger(&["addons", "apply", NAMED, "--mend-trust", "--cluster=demo", "-ojson"]);
    world.environment(&mut command);
    let mut applying = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut progress = BufReader::new(applying.stderr.take().unwrap());
    let mut first = String::new();
    progress.read_line(&mut first).unwrap();
    assert!(first.contains("create the add-on eks-pod-identity-agent"), "{first}");
    world.aws(&format!("iam update-assume-role-policy --role-name {CNI} --policy-document '{}'", trust("lambda")));

    let output = applying.wait_with_output().unwrap();
    let mut said = String::new();
    progress.read_to_string(&mut said).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains(&format!("the trust policy of {CNI} is no longer the one that was looked at")), "{said}");
    assert_eq!(world.trust_of(CNI), trust("lambda"));
    let applied: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(steps(&applied, "done"), ["createAddon"], "{applied}");
}

#[test]
fn a_role_of_irsa_is_moved_with_what_it_has() {
    let world = World::start();
    let issuer = world.aws("eks describe-cluster --name demo --query cluster.identity.oidc.issuer");
    let issuer = issuer.as_str().unwrap().trim_start_matches("https://");
    let provider = format!("arn:aws:iam::123456789012:oidc-provider/{issuer}");
    world
        .aws(&format!("iam create-open-id-connect-provider --url https://{issuer} --client-id-list sts.amazonaws.com"));
    let own = json!({ "Version": "2012-10-17", "Statement": {
        "Effect": "Allow", "Principal": { "Federated": provider }, "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": { "StringEquals": { format!("{issuer}:sub"): "system:serviceaccount:kube-system:aws-node" } },
    } });
    world.aws(&format!("iam create-role --role-name mine --path /team/ --assume-role-policy-document '{own}'"));
    let arn = "arn:aws:iam::123456789012:role/team/mine";
    world.aws(&format!(
        "eks create-addon --cluster-name demo --addon-name vpc-cni --service-account-role-arn {arn} \
         --configuration-values '{{\"env\":{{\"A\":\"b c\"}}}}'"
    ));
    world.aws("eks wait addon-active --cluster-name demo --addon-name vpc-cni");
    let output = world.addons(&["apply", "-ojson"]);
    let applied: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(steps(&applied, "done"), ["createAddon", "updateTrust", "updateAddon", "updateAddon"]);
    // What a role of one's own lacks is told, and left.
    assert_eq!(
        (output.status.code(), &applied["findings"][0]["kind"]),
        (Some(0), &json!("policyMissing")),
        "{applied}"
    );
    let progress = String::from_utf8_lossy(&output.stderr);
    assert!(
        progress.starts_with("1/4 create the add-on eks-pod-identity-agent") && progress.contains("\n4/4 "),
        "{progress}"
    );
    assert_eq!(world.trust_of("mine")["Statement"], json!([own["Statement"], trust("pods.eks")["Statement"][0]]));
    assert_eq!(world.associated(), [("aws-node".to_owned(), arn.to_owned(), true)]);
    let addon = world.addon("vpc-cni");
    assert_eq!(
        (addon.get("serviceAccountRoleArn"), &addon["configurationValues"]),
        (None, &json!("{\"env\":{\"A\":\"b c\"}}"))
    );
    assert_eq!(world.aws("iam list-attached-role-policies --role-name mine")["AttachedPolicies"], json!([]));
    assert_eq!(world.json(&["plan"]).1["steps"], json!([]));
}

#[test]
fn service_accounts_that_are_annotated_have_their_role_by_irsa() {
    let world = World::start();
    world.aws("eks create-addon --cluster-name demo --addon-name vpc-cni");
    world.aws("eks wait addon-active --cluster-name demo --addon-name vpc-cni");
    let arn = "arn:aws:iam::123456789012:role/annotated";
    world.aws(&format!("iam create-role --role-name annotated --assume-role-policy-document '{}'", trust("ec2")));
    let (_, listed) = world.json(&["list"]);
    assert_eq!(listed["addons"][0]["serviceAccounts"][0]["findings"], json!(["missing"]));
    let account = |name: &str, annotations: Value| json!({ "metadata": { "namespace": "kube-system", "name": name, "annotations": annotations } });
    let items = [
        account("aws-node", json!({ "eks.amazonaws.com/role-arn": arn })),
        json!({ "metadata": { "namespace": "a", "name": "b" } }),
    ];
    let file = world.folder.path().join("accounts.json");
    fs::write(&file, json!({ "kind": "List", "items": items }).to_string()).unwrap();
    let told_by = ["--service-accounts", file.to_str().unwrap()];
    let (_, listed) = world.json(&[&["list"], &told_by[..]].concat());
    let account = &listed["addons"][0]["serviceAccounts"][0];
    assert_eq!((&account["by"], &account["roleArn"]), (&json!("irsa"), &json!(arn)));
    let (_, planned) = world.json(&[&["plan"], &told_by[..]].concat());
    let update = planned["steps"].as_array().unwrap().last().unwrap();
    assert_eq!(update["associations"], json!([{ "serviceAccount": "aws-node", "roleArn": arn }]), "{planned}");
    fs::write(&file, "nothing").unwrap();
    let text = told(&world.addons(&[&["list"], &told_by[..]].concat()));
    assert!(text.starts_with("exit 1") && text.contains("kubectl get serviceaccounts -A -o json"), "{text}");
}

#[test]
fn what_stops_in_the_middle_says_what_was_done_and_goes_on() {
    let world = World::start_with(&["--fault=eks:CreateAddon error=InvalidRequestException after=1 times=1"]);
    let output = world.addons(&["apply", NAMED]);
    let text = told(&output);
    assert!(text.starts_with("exit 1") && text.contains("EKS's CreateAddon at http"), "{text}");
    assert!(text.contains("done: attach") && text.contains("not done: create the add-on vpc-cni"), "{text}");
    assert!(text.contains("apply goes on where it stopped"), "{text}");
    let (code, applied) = world.json(&["apply", NAMED]);
    assert_eq!((code, steps(&applied, "done")), (0, vec!["createAddon".to_owned()]), "{applied}");
}

#[test]
fn what_is_not_there_is_told() {
    let world = World::start();
    for (arguments, words) in [
        (&["plan", "nothing"][..], "EKS offers no add-on `nothing` for Kubernetes 1.30"),
        (&["plan", "vpc-cni=v0"], "EKS offers no version `v0` of vpc-cni for Kubernetes 1.30; it offers v1.22"),
        (&["plan", "--role=aws-node=nobody"], "this is no SERVICE_ACCOUNT=ARN of a role"),
    ] {
        let text = told(&world.addons(arguments));
        assert!(!text.starts_with("exit 0") && text.contains(words), "{text}");
    }
    let mut other = claviger(&["addons", "list", "--cluster=other"]);
    world.environment(&mut other);
    let text = told(&other.output().unwrap());
    assert!(text.contains("ResourceNotFoundException: No cluster found for name: other."), "{text}");
}
