// The scenario of ../README.md with the AWS SDK for JavaScript v3.

import assert from "node:assert/strict";

import { CloudTrailClient, paginateLookupEvents } from "@aws-sdk/client-cloudtrail";
import { IAM, NoSuchEntityException } from "@aws-sdk/client-iam";
import { KMS } from "@aws-sdk/client-kms";
import { STS } from "@aws-sdk/client-sts";

const opened = { purpose: "scenario" };
const given = JSON.parse(process.env.CLAVIGER_CREDENTIALS);
const [keysAccount, rolesAccount] = Object.keys(given).sort();

const config = ({ AccessKeyId, SecretAccessKey, SessionToken }) => ({
  region: "us-west-2",
  endpoint: process.env.CLAVIGER_ENDPOINT,
  credentials: { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, sessionToken: SessionToken },
});

const tell = (step, results) => console.log(JSON.stringify({ step, ...results }));

/** The code and message that a call is refused with. */
const refused = async (call) => {
  const error = await call.then(() => assert.fail("not refused"), (error) => error);
  return { code: error.Code ?? error.name, message: error.message };
};

/** The events of an attribute, oldest first. */
const events = async (account, name, value) => {
  const client = new CloudTrailClient(config(given[account]));
  const found = [];
  const input = { LookupAttributes: [{ AttributeKey: name, AttributeValue: value }] };
  for await (const page of paginateLookupEvents({ client, pageSize: 2 }, input)) {
    found.push(...page.Events.map((event) => JSON.parse(event.CloudTrailEvent)));
  }
  return found.reverse();
};

const keys = new KMS(config(given[keysAccount]));
const iam = new IAM(config(given[rolesAccount]));

const made = await keys.createKey({ Description: "scenario", Tags: [{ TagKey: "team", TagValue: "blue" }] });
const key = made.KeyMetadata.Arn;
await keys.createAlias({ AliasName: "alias/scenario", TargetKeyId: key });
const metadata = (await keys.describeKey({ KeyId: "alias/scenario" })).KeyMetadata;
tell("key", { arn: metadata.Arn, state: metadata.KeyState });

const RoleName = "Scenario";
const trust = {
  Version: "2012-10-17",
  Statement: [{ Effect: "Allow", Principal: { AWS: `arn:aws:iam::${rolesAccount}:root` }, Action: "sts:AssumeRole" }],
};
await iam.createRole({ RoleName, Path: "/team/", AssumeRolePolicyDocument: JSON.stringify(trust) });
const role = (await iam.getRole({ RoleName })).Role;
const document = JSON.parse(decodeURIComponent(role.AssumeRolePolicyDocument));
tell("role", { arn: role.Arn, trusts: document.Statement[0].Principal.AWS });

const allowed = {
  Version: "2012-10-17",
  Statement: [{ Effect: "Allow", Action: "kms:GenerateRandom", Resource: "*" }],
};
const created = await iam.createPolicy({ PolicyName: "Scenario", PolicyDocument: JSON.stringify(allowed) });
const PolicyArn = created.Policy.Arn;
await iam.attachRolePolicy({ RoleName, PolicyArn });
const attached = (await iam.listAttachedRolePolicies({ RoleName })).AttachedPolicies;
tell("policy", { attached: attached.map((each) => each.PolicyArn) });

const begun = await new STS(config(given[rolesAccount])).assumeRole({ RoleArn: role.Arn, RoleSessionName: "client" });
const session = config(begun.Credentials);
const who = await new STS(session).getCallerIdentity({});
const kms = new KMS(session);
const random = await kms.generateRandom({ NumberOfBytes: 16 });
tell("session", { arn: who.Arn, random: random.Plaintext.length });

tell("denied by the policy", await refused(kms.listKeys({})));
const encrypt = { KeyId: key, Plaintext: new TextEncoder().encode("hello"), EncryptionContext: opened };
tell("denied for want of a grant", await refused(kms.encrypt(encrypt)));

const grant = await keys.createGrant({
  KeyId: key,
  GranteePrincipal: role.Arn,
  Operations: ["Encrypt", "Decrypt"],
  Constraints: { EncryptionContextSubset: opened },
});
const [listed] = (await keys.listGrants({ KeyId: key })).Grants;
tell("grant", { grantee: listed.GranteePrincipal, operations: listed.Operations.sort() });

const GrantTokens = [grant.GrantToken];
const sealed = (await kms.encrypt({ ...encrypt, GrantTokens })).CiphertextBlob;
const decrypt = { CiphertextBlob: sealed, EncryptionContext: opened };
const plain = await kms.decrypt({ ...decrypt, GrantTokens });
tell("sealed and opened", { key: plain.KeyId, plaintext: new TextDecoder().decode(plain.Plaintext) });

const otherwise = { ...decrypt, EncryptionContext: { purpose: "another" }, GrantTokens };
tell("denied for another context", await refused(kms.decrypt(otherwise)));

await keys.revokeGrant({ KeyId: key, GrantId: grant.GrantId });
tell("denied after the grant", await refused(kms.decrypt(decrypt)));

const ofKey = await events(keysAccount, "ResourceName", key);
tell("trail of the key", { events: ofKey.map((each) => [each.eventName, each.userIdentity.type]) });
const ofSession = await events(rolesAccount, "Username", "client");
tell("trail of the session", { events: ofSession.map((each) => [each.eventName, each.errorCode ?? null]) });

const deleted = await keys.scheduleKeyDeletion({ KeyId: key, PendingWindowInDays: 7 });
await keys.deleteAlias({ AliasName: "alias/scenario" });
await iam.detachRolePolicy({ RoleName, PolicyArn });
await iam.deletePolicy({ PolicyArn });
await iam.deleteRole({ RoleName });
await assert.rejects(iam.getRole({ RoleName }), NoSuchEntityException);
tell("cleaned up", { state: deleted.KeyState, ...(await refused(iam.getRole({ RoleName }))) });
