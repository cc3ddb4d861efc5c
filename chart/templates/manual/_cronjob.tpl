{{/*
A CronJob that never starts by itself, for `kubectl create job --from=cronjob/...`; takes {root, command, job}, where
`job` is the spec of the Job as YAML. An ordinary object, no hook.
*/}}
{{- define "headgate.manual" -}}
{{- $values := .root.Values -}}
apiVersion: batch/v1
kind: CronJob
metadata:
  name: {{ include "headgate.manualName" . }}
  namespace: {{ quote .root.Release.Namespace }}
  labels:
    {{- include "headgate.labels" (dict "root" .root "component" .command) | nindent 4 }}
  {{- with $values.commonAnnotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
spec:
  schedule: "0 0 1 1 *"
  suspend: true
  # Should somebody end the suspension, nothing that was missed is caught up.
  startingDeadlineSeconds: 60
  concurrencyPolicy: Forbid
  jobTemplate:
    metadata:
      labels:
        {{- include "headgate.labels" (dict "root" .root "component" .command "more" $values.job.labels) | nindent 8 }}
      {{- with merge (dict) $values.job.annotations $values.commonAnnotations }}
      annotations:
        {{- toYaml . | nindent 8 }}
      {{- end }}
    spec:
      {{- .job | nindent 6 }}
{{- end }}
