{{/* The migrate Job from its limits to its pod: the hook's, and that of a start by hand. Takes the root. */}}
{{- define "headgate.migrateJob" -}}
{{- $verdict := "--termination-log=/dev/termination-log" -}}
{{- include "headgate.jobLimits" (dict
  "root" .
  "backoffLimit" .Values.job.backoffLimit
  "failJob" (list
    (dict "container" "migrate" "codes" (list 1 3 6 7 8 70))
    (dict "container" "smoke" "codes" (list 1 3 70)))) }}
template:
  {{- include "headgate.podMetadata" (dict "root" . "component" "migrate") | nindent 2 }}
  spec:
    {{- include "headgate.podSpec" (dict "root" . "token" (include "headgate.token" .)) | nindent 4 }}
    initContainers:
      {{- include "headgate.waitContainers" . | nindent 6 }}
    containers:
      {{- include "headgate.container" (dict
        "root" .
        "job" true
        "signing" true
        "backup" true
        "command" "migrate"
        "args" (list (printf "--dir=%s" .Values.migrations.dir) $verdict)) | nindent 6 }}
      {{- include "headgate.container" (dict
        "root" .
        "job" true
        "command" "smoke"
        "args" (list $verdict)) | nindent 6 }}
    volumes:
      {{- include "headgate.volumes" (dict "root" . "job" true) | nindent 6 }}
{{- end }}
