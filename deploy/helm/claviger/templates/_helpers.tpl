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
