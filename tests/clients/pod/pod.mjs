// The pod of README.md with the AWS SDK for JavaScript v3.

import { KMS } from "@aws-sdk/client-kms";
import { STS } from "@aws-sdk/client-sts";

const arn = (await new STS({}).getCallerIdentity({})).Arn;
const kms = new KMS({});
const random = (await kms.generateRandom({ NumberOfBytes: 8 })).Plaintext.length;
const denied = await kms.listKeys({}).then(() => null, (error) => error.name);
console.log(JSON.stringify({ arn, random, denied }));
