// Decides requests with @cloud-copilot/iam-simulate, in a process of its own: `node decide.mjs INSTALLED`.
//
// One JSON line in: {"documents": [POLICY, ..], "simulations": [{.., POLICIES BY THEIR PLACE IN documents}, ..]}.
// One JSON line out: ["Allowed" | "ExplicitlyDenied" | "ImplicitlyDenied" | {"error": ..}, ..].
import { createRequire } from 'node:module'
import { createInterface } from 'node:readline'

const { runSimulation } = createRequire(`${process.argv[2]}/package.json`)('@cloud-copilot/iam-simulate')

async function decide(documents, asked) {
  const policy = (index) => documents[index]
  const named = (index) => ({ name: `p${index}`, policy: policy(index) })
  const level = (policies, depth) => ({ orgIdentifier: `level-${depth}`, policies: policies.map(named) })
  const { principal, action, resource, owner, context } = asked
  try {
    const decided = await runSimulation({
      request: {
        principal: principal === 'anonymous' ? { type: 'Anonymous' } : principal,
        action,
        resource: { resource, accountId: owner },
        contextVariables: context
      },
      identityPolicies: asked.identity.map(named),
      permissionBoundaryPolicies: asked.boundary === null ? undefined : [named(asked.boundary)],
      sessionPolicy: asked.session === null ? undefined : policy(asked.session),
      resourcePolicy: asked.resourcePolicy === null ? undefined : policy(asked.resourcePolicy),
      serviceControlPolicies: asked.serviceControl.map(level),
      resourceControlPolicies: asked.resourceControl.map(level)
    }, {})
    return decided.resultType === 'error' ? { error: decided.errors } : decided.overallResult
  } catch (error) {
    return { error: String(error) }
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  const { documents, simulations } = JSON.parse(line)
  const answers = []
  for (const asked of simulations) answers.push(await decide(documents, asked))
  process.stdout.write(JSON.stringify(answers) + '\n')
}
