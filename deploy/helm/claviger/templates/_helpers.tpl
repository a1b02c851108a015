{{/* Names are the same in every release: a cluster has one agent a node, and one webhook. */}}

{{- define "claviger.selector" -}}
app.kubernetes.io/name: claviger
app.kubernetes.io/component: {{ . }}
{{- end }}

{{- define "claviger.image" -}}
{{- if .Values.image.digest -}}
{{ .Values.image.repository }}@{{ .Values.image.digest }}
{{- else -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end -}}
{{- end }}

{{/* What image and security of every container are; `add` names its capabilities, `asRoot` runs it as who has them. */}}
{{- define "claviger.container" -}}
image: {{ include "claviger.image" .root | quote }}
imagePullPolicy: {{ .root.Values.image.pullPolicy }}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  {{- if .asRoot }}
  runAsUser: 0
  runAsGroup: 0
  {{- end }}
  capabilities:
    drop: [ALL]
    {{- with .add }}
    add: [{{ . }}]
    {{- end }}
{{- end }}

{{- define "claviger.log" -}}
- --log={{ .Values.log.level }}
- --log-format={{ .Values.log.format }}
{{- end }}

{{/* Of a Deployment's pods: nobody's user, and not all of them on one machine. */}}
{{- define "claviger.replicas" -}}
securityContext:
  runAsNonRoot: true
  runAsUser: 65532
  runAsGroup: 65532
  fsGroup: 65532
  seccompProfile: { type: RuntimeDefault }
topologySpreadConstraints:
  {{- range list "kubernetes.io/hostname" "topology.kubernetes.io/zone" }}
  - maxSkew: 1
    topologyKey: {{ . }}
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels:
        {{- include "claviger.selector" $.component | nindent 8 }}
    # Else the pods of the former version count, too, while they are replaced.
    matchLabelKeys: [pod-template-hash]
  {{- end }}
{{- end }}

{{/* Where pods run, as their values say. */}}
{{- define "claviger.placement" -}}
{{- with .priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with .nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{- define "claviger.podMetadata" -}}
labels:
  {{- include "claviger.selector" .component | nindent 2 }}
  {{- with .values.podLabels }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- with .values.podAnnotations }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{/* Where the ConfigMap's associations are in a container. */}}
{{- define "claviger.associationsFolder" -}}
/var/run/claviger/associations
{{- end }}

{{/* Where associations come from, as both programs take it: a JSON list. */}}
{{- define "claviger.associationSources" -}}
{{- $from := list -}}
{{- with .Values.associations -}}
{{- if .kubernetes }}{{ $from = append $from "kubernetes" }}{{ end -}}
{{- if .inline }}{{ $from = append $from (printf "%s/associations.yaml" (include "claviger.associationsFolder" $)) }}{{ end -}}
{{- with .eks }}{{ $from = append $from (printf "eks:%s" .) }}{{ end -}}
{{- if .annotations }}{{ $from = append $from "annotations" }}{{ end -}}
{{- end -}}
{{- if not $from }}{{ fail "associations names no source: broker and webhook take one of kubernetes, inline, eks, annotations" }}{{ end -}}
{{- toJson $from -}}
{{- end }}

{{/* What broker and webhook have for their identity at AWS and for associations, beside what each has alone. */}}
{{- define "claviger.env" -}}
{{- with .aws.webIdentityRoleArn }}
- { name: AWS_ROLE_ARN, value: {{ . | quote }} }
- { name: AWS_WEB_IDENTITY_TOKEN_FILE, value: /var/run/secrets/claviger/aws/token }
{{- end }}
{{- with .env }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "claviger.volumeMounts" -}}
{{- if .values.aws.webIdentityRoleArn }}
- { name: aws-token, mountPath: /var/run/secrets/claviger/aws, readOnly: true }
{{- end }}
{{- if .root.Values.associations.inline }}
# The whole folder: what is mounted by `subPath` never changes.
- { name: associations, mountPath: {{ include "claviger.associationsFolder" . }}, readOnly: true }
{{- end }}
{{- with .values.extraVolumeMounts }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "claviger.volumes" -}}
{{- with .values.aws }}
{{- if .webIdentityRoleArn }}
- name: aws-token
  projected:
    sources:
      - serviceAccountToken: { audience: {{ .webIdentityAudience }}, path: token, expirationSeconds: 3600 }
{{- end }}
{{- end }}
{{- if .root.Values.associations.inline }}
- name: associations
  configMap: { name: claviger-associations }
{{- end }}
{{- with .values.extraVolumes }}
{{ toYaml . }}
{{- end }}
{{- end }}
