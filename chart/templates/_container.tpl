{{/*
One of the agent's containers; takes {root, command, args, job, files, signing, backup}. The container is named after the agent's command, and
the image's own entry point is the agent: it gets arguments and no command.
`job` adds what only the Job's pod has: the run folder, where its containers meet, and the inline migrations, which `files` adds alone.
`signing` gives it the key that stored down SQL is signed with, where the values name one; `backup` what backups need.
*/}}
{{- define "headgate.container" -}}
{{- $values := .root.Values -}}
- name: {{ .command }}
  image: {{ include "headgate.image" .root | quote }}
  imagePullPolicy: {{ $values.image.pullPolicy }}
  args:
    - {{ .command }}
    {{- include "headgate.paths" . | nindent 4 }}
    {{- with .args }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  {{- with include "headgate.env" $values.extraEnv | fromYamlArray }}
  env:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $values.extraEnvFrom }}
  envFrom:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with include "headgate.withoutNulls" $values.resources | fromYaml }}
  resources:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with include "headgate.withoutNulls" $values.securityContext | fromYaml }}
  securityContext:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  terminationMessagePolicy: FallbackToLogsOnError
  volumeMounts:
    {{- include "headgate.mounts" . | nindent 4 }}
{{- end }}

{{/* Where the agent finds its files: nothing of this is built into it. */}}
{{- define "headgate.paths" -}}
{{- $tls := .root.Values.database.tls -}}
- --pod=/etc/headgate/pod
- --secret=/etc/headgate/secret
{{- if .job }}
- --run=/run/headgate
{{- end }}
{{- if $tls.caSecret }}
- --ca=/etc/headgate/ca/{{ $tls.caKey }}
{{- end }}
{{- if $tls.certSecret }}
- --client-cert=/etc/headgate/client-cert
{{- end }}
{{- include "headgate.backupPaths" . }}
{{- with .root.Values.rollback.signing }}
{{- if and $.signing .existingSecret }}
- --signing-key=/etc/headgate/signing/{{ .key }}
{{- end }}
{{- end }}
{{- if and (or .job .files) (ne .command "wait") }}
{{- range $name := list "webhook" "slack" }}
{{- with index $.root.Values.report $name }}
{{- if .existingSecret }}
- --{{ $name }}=/etc/headgate/{{ $name }}/{{ .key }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}

{{- define "headgate.mounts" -}}
{{- $values := .root.Values -}}
- name: pod
  mountPath: /etc/headgate/pod
  readOnly: true
- name: secret
  mountPath: /etc/headgate/secret
  readOnly: true
{{- if $values.database.tls.caSecret }}
- name: ca
  mountPath: /etc/headgate/ca
  readOnly: true
{{- end }}
{{- if $values.database.tls.certSecret }}
- name: client-cert
  mountPath: /etc/headgate/client-cert
  readOnly: true
{{- end }}
{{- if and .signing $values.rollback.signing.existingSecret }}
- name: signing
  mountPath: /etc/headgate/signing
  readOnly: true
{{- end }}
{{- if and (or .job .files) (ne .command "wait") }}
{{- range $name := list "webhook" "slack" }}
{{- if (index $values.report $name).existingSecret }}
- name: {{ $name }}
  mountPath: /etc/headgate/{{ $name }}
  readOnly: true
{{- end }}
{{- end }}
{{- end }}
{{- include "headgate.backupMounts" . }}
- name: tmp
  mountPath: /tmp
{{- if .job }}
- name: run
  mountPath: /run/headgate
{{- end }}
{{- if and (or .job .files) $values.migrations.inline }}
- name: migrations
  mountPath: {{ $values.migrations.dir | quote }}
  readOnly: true
{{- end }}
{{- with $values.extraVolumeMounts }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* What runs before the containers of a Job's pod; takes the root. */}}
{{- define "headgate.waitContainers" -}}
{{- with include "headgate.nativeSidecars" . }}
{{- . }}
{{ end -}}
{{- include "headgate.container" (dict "root" . "job" true "command" "wait") -}}
{{- end }}

{{/* Sidecars that start before the agent and end with the pod. One that brings no security context or resources gets the agent's. */}}
{{- define "headgate.nativeSidecars" -}}
{{- $values := .Values -}}
{{- $sidecars := list -}}
{{- range $values.nativeSidecars -}}
{{- $sidecar := merge (dict "restartPolicy" "Always") . -}}
{{- range $key := list "securityContext" "resources" -}}
{{- if not (hasKey $sidecar $key) -}}
{{- $_ := set $sidecar $key (include "headgate.withoutNulls" (index $values $key) | fromYaml) -}}
{{- end -}}
{{- end -}}
{{- $sidecars = append $sidecars $sidecar -}}
{{- end -}}
{{- with $sidecars }}{{ toYaml . }}{{ end -}}
{{- end }}

{{/* A list of variables, each name once, the last one counting: Helm 4's server-side apply refuses a name that stands twice. */}}
{{- define "headgate.env" -}}
{{- $seen := dict -}}
{{- $kept := list -}}
{{- range reverse . -}}
{{- if not (hasKey $seen .name) -}}
{{- $_ := set $seen .name true -}}
{{- $kept = prepend $kept . -}}
{{- end -}}
{{- end -}}
{{- toYaml $kept -}}
{{- end }}

{{/* A map without the keys that are set to null. */}}
{{- define "headgate.withoutNulls" -}}
{{- $kept := dict -}}
{{- range $key, $value := . -}}
{{- if not (kindIs "invalid" $value) -}}
{{- $_ := set $kept $key $value -}}
{{- end -}}
{{- end -}}
{{- toYaml $kept -}}
{{- end }}
