// The scenario of ../README.md with the AWS SDK for Go v2.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"net/url"
	"os"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	trailtypes "github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	kmstypes "github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"
)

var (
	ctx    = context.Background()
	opened = map[string]string{"purpose": "scenario"}
)

// What the SDK takes from whoever configures it.
func config(accessKey, secret, token string) aws.Config {
	return aws.Config{
		Region:       "us-west-2",
		BaseEndpoint: aws.String(os.Getenv("CLAVIGER_ENDPOINT")),
		Credentials:  credentials.NewStaticCredentialsProvider(accessKey, secret, token),
	}
}

func tell(step string, results map[string]any) {
	results["step"] = step
	must(json.NewEncoder(os.Stdout).Encode(results))
}

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func done[T any](answer T, err error) T {
	must(err)
	return answer
}

// The code and message that a call was refused with.
func refused[T any](_ T, err error) map[string]any {
	var refusal smithy.APIError
	if !errors.As(err, &refusal) {
		log.Fatalf("not refused: %v", err)
	}
	return map[string]any{"code": refusal.ErrorCode(), "message": refusal.ErrorMessage()}
}

type event struct {
	EventName    string
	ErrorCode    *string
	UserIdentity struct{ Type string }
}

// The events of an attribute, oldest first.
func events(trail *cloudtrail.Client, name trailtypes.LookupAttributeKey, value string) []event {
	pages := cloudtrail.NewLookupEventsPaginator(trail, &cloudtrail.LookupEventsInput{
		MaxResults:       aws.Int32(2),
		LookupAttributes: []trailtypes.LookupAttribute{{AttributeKey: name, AttributeValue: &value}},
	})
	var found []event
	for pages.HasMorePages() {
		for _, each := range done(pages.NextPage(ctx)).Events {
			var one event
			must(json.Unmarshal([]byte(*each.CloudTrailEvent), &one))
			found = append(found, one)
		}
	}
	slices.Reverse(found)
	return found
}

func main() {
	given := map[string]struct{ AccessKeyId, SecretAccessKey string }{}
	must(json.Unmarshal([]byte(os.Getenv("CLAVIGER_CREDENTIALS")), &given))
	var accounts []string
	for account := range given {
		accounts = append(accounts, account)
	}
	slices.Sort(accounts)
	root := func(account string) aws.Config { return config(given[account].AccessKeyId, given[account].SecretAccessKey, "") }
	keysAccount, rolesAccount := root(accounts[0]), root(accounts[1])
	keys, roles := kms.NewFromConfig(keysAccount), iam.NewFromConfig(rolesAccount)

	made := done(keys.CreateKey(ctx, &kms.CreateKeyInput{
		Description: aws.String("scenario"),
		Tags:        []kmstypes.Tag{{TagKey: aws.String("team"), TagValue: aws.String("blue")}},
	}))
	key := made.KeyMetadata.Arn
	done(keys.CreateAlias(ctx, &kms.CreateAliasInput{AliasName: aws.String("alias/scenario"), TargetKeyId: key}))
	metadata := done(keys.DescribeKey(ctx, &kms.DescribeKeyInput{KeyId: aws.String("alias/scenario")})).KeyMetadata
	tell("key", map[string]any{"arn": metadata.Arn, "state": metadata.KeyState})

	name := aws.String("Scenario")
	trust := fmt.Sprintf(`{"Version": "2012-10-17", "Statement": [{"Effect": "Allow",
		"Principal": {"AWS": "arn:aws:iam::%s:root"}, "Action": "sts:AssumeRole"}]}`, accounts[1])
	done(roles.CreateRole(ctx, &iam.CreateRoleInput{RoleName: name, Path: aws.String("/team/"), AssumeRolePolicyDocument: &trust}))
	role := done(roles.GetRole(ctx, &iam.GetRoleInput{RoleName: name})).Role
	var document struct{ Statement []struct{ Principal struct{ AWS string } } }
	must(json.Unmarshal([]byte(done(url.QueryUnescape(*role.AssumeRolePolicyDocument))), &document))
	tell("role", map[string]any{"arn": role.Arn, "trusts": document.Statement[0].Principal.AWS})

	allowed := `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "kms:GenerateRandom", "Resource": "*"}]}`
	policy := done(roles.CreatePolicy(ctx, &iam.CreatePolicyInput{PolicyName: name, PolicyDocument: &allowed})).Policy.Arn
	done(roles.AttachRolePolicy(ctx, &iam.AttachRolePolicyInput{RoleName: name, PolicyArn: policy}))
	attached := []string{}
	for _, each := range done(roles.ListAttachedRolePolicies(ctx, &iam.ListAttachedRolePoliciesInput{RoleName: name})).AttachedPolicies {
		attached = append(attached, *each.PolicyArn)
	}
	tell("policy", map[string]any{"attached": attached})

	assume := &sts.AssumeRoleInput{RoleArn: role.Arn, RoleSessionName: aws.String("client")}
	begun := done(sts.NewFromConfig(rolesAccount).AssumeRole(ctx, assume)).Credentials
	session := config(*begun.AccessKeyId, *begun.SecretAccessKey, *begun.SessionToken)
	who := done(sts.NewFromConfig(session).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{}))
	grantee := kms.NewFromConfig(session)
	random := done(grantee.GenerateRandom(ctx, &kms.GenerateRandomInput{NumberOfBytes: aws.Int32(16)}))
	tell("session", map[string]any{"arn": who.Arn, "random": len(random.Plaintext)})

	tell("denied by the policy", refused(grantee.ListKeys(ctx, &kms.ListKeysInput{})))
	encrypt := &kms.EncryptInput{KeyId: key, Plaintext: []byte("hello"), EncryptionContext: opened}
	tell("denied for want of a grant", refused(grantee.Encrypt(ctx, encrypt)))

	grant := done(keys.CreateGrant(ctx, &kms.CreateGrantInput{
		KeyId:            key,
		GranteePrincipal: role.Arn,
		Operations:       []kmstypes.GrantOperation{kmstypes.GrantOperationEncrypt, kmstypes.GrantOperationDecrypt},
		Constraints:      &kmstypes.GrantConstraints{EncryptionContextSubset: opened},
	}))
	listed := done(keys.ListGrants(ctx, &kms.ListGrantsInput{KeyId: key})).Grants[0]
	slices.Sort(listed.Operations)
	tell("grant", map[string]any{"grantee": listed.GranteePrincipal, "operations": listed.Operations})

	encrypt.GrantTokens = []string{*grant.GrantToken}
	sealed := done(grantee.Encrypt(ctx, encrypt)).CiphertextBlob
	decrypt := &kms.DecryptInput{CiphertextBlob: sealed, EncryptionContext: opened, GrantTokens: encrypt.GrantTokens}
	plain := done(grantee.Decrypt(ctx, decrypt))
	tell("sealed and opened", map[string]any{"key": plain.KeyId, "plaintext": string(plain.Plaintext)})

	decrypt.EncryptionContext = map[string]string{"purpose": "another"}
	tell("denied for another context", refused(grantee.Decrypt(ctx, decrypt)))

	done(keys.RevokeGrant(ctx, &kms.RevokeGrantInput{KeyId: key, GrantId: grant.GrantId}))
	decrypt.EncryptionContext, decrypt.GrantTokens = opened, nil
	tell("denied after the grant", refused(grantee.Decrypt(ctx, decrypt)))

	told := [][]any{}
	for _, each := range events(cloudtrail.NewFromConfig(keysAccount), trailtypes.LookupAttributeKeyResourceName, *key) {
		told = append(told, []any{each.EventName, each.UserIdentity.Type})
	}
	tell("trail of the key", map[string]any{"events": told})
	told = [][]any{}
	for _, each := range events(cloudtrail.NewFromConfig(rolesAccount), trailtypes.LookupAttributeKeyUsername, "client") {
		told = append(told, []any{each.EventName, each.ErrorCode})
	}
	tell("trail of the session", map[string]any{"events": told})

	deleted := done(keys.ScheduleKeyDeletion(ctx, &kms.ScheduleKeyDeletionInput{KeyId: key, PendingWindowInDays: aws.Int32(7)}))
	done(keys.DeleteAlias(ctx, &kms.DeleteAliasInput{AliasName: aws.String("alias/scenario")}))
	done(roles.DetachRolePolicy(ctx, &iam.DetachRolePolicyInput{RoleName: name, PolicyArn: policy}))
	done(roles.DeletePolicy(ctx, &iam.DeletePolicyInput{PolicyArn: policy}))
	done(roles.DeleteRole(ctx, &iam.DeleteRoleInput{RoleName: name}))
	_, err := roles.GetRole(ctx, &iam.GetRoleInput{RoleName: name})
	var missing *iamtypes.NoSuchEntityException
	if !errors.As(err, &missing) {
		log.Fatalf("no NoSuchEntityException: %v", err)
	}
	tell("cleaned up", map[string]any{"state": deleted.KeyState, "code": missing.ErrorCode(), "message": missing.ErrorMessage()})
}
