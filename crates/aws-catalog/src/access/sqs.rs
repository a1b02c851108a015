//! SQS.
//!
//! Source: Service Authorization Reference, "Actions, resources, and condition keys for Amazon SQS"; Amazon SQS Developer Guide,
//! "Amazon SQS API permissions: Actions and resource reference" (a batch takes the permission of the single operation).

use super::{
    Access, Condition,
    On::{Nothing, Queue},
    Operation,
    Source::{MapKeys, MapValues},
};

/// By name: the order that look-ups rely on.
pub(super) static OPERATIONS: &[Operation] = &[
    Operation::new("ChangeMessageVisibility", &[Access::new("sqs:ChangeMessageVisibility", Queue("QueueUrl"))]),
    Operation::new("CreateQueue", &[Access::new("sqs:CreateQueue", Queue("QueueName")).told(TAGS)]),
    Operation::new("DeleteMessage", &[Access::new("sqs:DeleteMessage", Queue("QueueUrl"))]),
    Operation::new("DeleteMessageBatch", &[Access::new("sqs:DeleteMessage", Queue("QueueUrl"))]),
    Operation::new("DeleteQueue", &[Access::new("sqs:DeleteQueue", Queue("QueueUrl"))]),
    Operation::new("GetQueueAttributes", &[Access::new("sqs:GetQueueAttributes", Queue("QueueUrl"))]),
    Operation::new("GetQueueUrl", &[Access::new("sqs:GetQueueUrl", Queue("QueueName"))]),
    Operation::new("ListQueues", &[Access::new("sqs:ListQueues", Nothing)]),
    Operation::new("PurgeQueue", &[Access::new("sqs:PurgeQueue", Queue("QueueUrl"))]),
    Operation::new("ReceiveMessage", &[Access::new("sqs:ReceiveMessage", Queue("QueueUrl"))]),
    Operation::new("SendMessage", &[Access::new("sqs:SendMessage", Queue("QueueUrl"))]),
    Operation::new("SetQueueAttributes", &[Access::new("sqs:SetQueueAttributes", Queue("QueueUrl"))]),
];

const TAGS: &[Condition] = &[
    Condition { key: "aws:RequestTag/${TagKey}", from: MapValues("tags") },
    Condition { key: "aws:TagKeys", from: MapKeys("tags") },
];
