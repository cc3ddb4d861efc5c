{{/*
The revert Job from its limits to its pod; takes {root, args}. It never tries again by itself: what a revert left
half-way is for people to look at first.
*/}}
{{- define "headgate.revertJob" -}}
{{- $values := .root.Values -}}
{{- $args := list (printf "--dir=%s" $values.migrations.dir) "--termination-log=/dev/termination-log" -}}
{{- include "headgate.jobLimits" (dict
  "root" .root
  "backoffLimit" 0
  "failJob" (list (dict "container" "revert" "codes" (list 1 3 6 7 8 70)))) }}
template:
  {{- include "headgate.podMetadata" (dict "root" .root "component" "revert") | nindent 2 }}
  spec:
    {{- include "headgate.podSpec" (dict "root" .root "token" (include "headgate.token" .root)) | nindent 4 }}
    initContainers:
      {{- include "headgate.waitContainers" .root | nindent 6 }}
    containers:
      {{- include "headgate.container" (dict
        "root" .root
        "job" true
        "signing" true
        "backup" true
        "command" "revert"
        "args" (concat $args (default list .args))) | nindent 6 }}
    volumes:
      {{- include "headgate.volumes" (dict "root" .root "job" true) | nindent 6 }}
{{- end }}
