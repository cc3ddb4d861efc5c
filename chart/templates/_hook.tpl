{{/*
A hook object's annotations; takes {root, events, weight, logs, more}. The contract comes first in the merge: the user's
annotations are added and replace nothing.
before-hook-creation alone: a finished Job stays to be read, and any other policy would switch this one off.
*/}}
{{- define "headgate.hook" -}}
{{- $contract := dict
  "helm.sh/hook" .events
  "helm.sh/hook-weight" .weight
  "helm.sh/hook-delete-policy" "before-hook-creation" -}}
{{- if .logs -}}
{{- $_ := set $contract "helm.sh/hook-output-log-policy" "hook-succeeded,hook-failed" -}}
{{- end -}}
{{- merge (dict) $contract (default (dict) .more) .root.Values.commonAnnotations | toYaml -}}
{{- end }}

{{/* The events of what a hook Job or pod needs to be there. */}}
{{- define "headgate.supportEvents" -}}
pre-install,pre-upgrade,pre-rollback
{{- end }}
