{{/* A pod's annotations as YAML; takes the root. The agent reads the first two through the volume `pod`. */}}
{{- define "headgate.podAnnotations" -}}
{{- $own := dict "headgate/settings" (include "headgate.settings" .) "headgate/release" (include "headgate.release" .) -}}
{{- if .Values.mesh.optOut -}}
{{- $_ := set $own "linkerd.io/inject" "disabled" -}}
{{- end -}}
{{- if .Values.autoscaler.optOut -}}
{{- $_ := set $own "karpenter.sh/do-not-disrupt" "true" -}}
{{- $_ := set $own "cluster-autoscaler.kubernetes.io/safe-to-evict" "false" -}}
{{- end -}}
{{- merge $own .Values.podAnnotations | toYaml -}}
{{- end }}

{{/* The metadata of a Job's pod; takes {root, component}. */}}
{{- define "headgate.podMetadata" -}}
metadata:
  labels:
    {{- include "headgate.podLabels" . | nindent 4 }}
  annotations:
    {{- include "headgate.podAnnotations" .root | nindent 4 }}
{{- end }}

{{/* A pod's spec without its containers and volumes; takes {root, token}. */}}
{{- define "headgate.podSpec" -}}
{{- $values := .root.Values -}}
restartPolicy: Never
serviceAccountName: {{ include "headgate.serviceAccountName" .root | quote }}
automountServiceAccountToken: {{ .token }}
enableServiceLinks: false
terminationGracePeriodSeconds: {{ int $values.terminationGracePeriodSeconds }}
{{- with include "headgate.pullSecrets" .root | fromYamlArray }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with include "headgate.withoutNulls" $values.podSecurityContext | fromYaml }}
securityContext:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- range $key, $value := pick $values "nodeSelector" "tolerations" "affinity" "topologySpreadConstraints"
  "priorityClassName" "runtimeClassName" "schedulerName" "hostAliases" "dnsConfig" }}
{{- with $value }}
{{ dict $key . | toYaml }}
{{- end }}
{{- end }}
{{- end }}

{{/* The pod's volumes; takes {root, job, files}: `files` is the inline migrations alone. Secrets are optional: one that is missing becomes the agent's own sentence. */}}
{{- define "headgate.volumes" -}}
{{- $values := .root.Values -}}
- name: pod
  downwardAPI:
    items:
      {{- range $path, $field := dict
        "settings.json" "metadata.annotations['headgate/settings']"
        "release.json" "metadata.annotations['headgate/release']"
        "name" "metadata.name"
        "namespace" "metadata.namespace"
        "job-uid" "metadata.labels['batch.kubernetes.io/controller-uid']"
        "job-name" "metadata.labels['batch.kubernetes.io/job-name']" }}
      - path: {{ $path }}
        fieldRef:
          fieldPath: {{ $field }}
      {{- end }}
{{- $tls := $values.database.tls }}
{{- $secrets := dict "secret" $values.database.existingSecret "ca" $tls.caSecret "client-cert" $tls.certSecret }}
{{- if .job }}
{{- $_ := set $secrets "signing" $values.rollback.signing.existingSecret }}
{{- end }}
{{- if or .job .files }}
{{- $_ := set $secrets "webhook" $values.report.webhook.existingSecret }}
{{- $_ := set $secrets "slack" $values.report.slack.existingSecret }}
{{- end }}
{{- range $name, $secret := $secrets }}
{{- if or $secret (eq $name "secret") }}
- name: {{ $name }}
  secret:
    secretName: {{ $secret | quote }}
    optional: true
    defaultMode: 0440
{{- end }}
{{- end }}
{{- if .job }}
{{- include "headgate.backupVolumes" .root }}
{{- end }}
- name: tmp
  emptyDir:
    sizeLimit: 64Mi
{{- if .job }}
- name: run
  emptyDir:
    sizeLimit: 16Mi
{{- end }}
{{- if and (or .job .files) $values.migrations.inline }}
- name: migrations
  configMap:
    name: {{ include "headgate.name" (dict "root" .root "suffix" "migrations") }}
{{- end }}
{{- with $values.extraVolumes }}
{{ toYaml . }}
{{- end }}
{{- end }}
