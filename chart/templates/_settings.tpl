{{/* The agent's groups of the values, as JSON. The inline migrations travel in a ConfigMap: they are no setting. */}}
{{- define "headgate.settings" -}}
{{- $groups := pick .Values "database" "wait" "plan" "backup" "migrate" "smoke" "drift" "rollback" "fleet" "report" "history" -}}
{{- merge (dict "migrations" (omit .Values.migrations "inline")) $groups | toJson -}}
{{- end }}

{{/* Who runs, as JSON: what the agent writes into its history and its report. */}}
{{- define "headgate.release" -}}
{{- dict
  "name" .Release.Name
  "namespace" .Release.Namespace
  "revision" (int .Release.Revision)
  "chart" (include "headgate.chart" .)
  "image" (include "headgate.image" .)
  "deadlineSeconds" (int .Values.job.activeDeadlineSeconds)
  "graceSeconds" (int .Values.terminationGracePeriodSeconds)
  "manualRevert" (ternary (include "headgate.manualName" (dict "root" . "command" "revert")) "" .Values.manual.enabled)
  "runsConfigMap" (ternary (include "headgate.name" (dict "root" . "suffix" "runs")) "" .Values.report.configMap.enabled)
  | toJson -}}
{{- end }}

{{/* Whether the agent talks to the API server, as "true" or "false". */}}
{{- define "headgate.token" -}}
{{- or .Values.report.events .Values.report.configMap.enabled -}}
{{- end }}

{{/* What a run depends on: the data of the ConfigMap -plan. */}}
{{- define "headgate.plan" -}}
image: {{ include "headgate.image" . | quote }}
settings: {{ include "headgate.settings" . | sha256sum | quote }}
migrations: {{ .Values.migrations.inline | toJson | sha256sum | quote }}
{{- end }}

{{/*
One hash over the image, the settings and the inline migrations, e.g. for an annotation of the application's pods.
A parent chart calls it with .Subcharts.headgate (or its alias).
*/}}
{{- define "headgate.planChecksum" -}}
{{- include "headgate.plan" . | sha256sum -}}
{{- end }}
