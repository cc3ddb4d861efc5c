{{/* The chart's name inside object names. As a subchart that is the alias, which may be camelCase. */}}
{{- define "headgate.chartName" -}}
{{- $kebab := regexReplaceAll "([a-z0-9])([A-Z])" (default .Chart.Name .Values.nameOverride) "${1}-${2}" | lower -}}
{{- regexReplaceAll "[^a-z0-9]+" $kebab "-" | trimAll "-" -}}
{{- end }}

{{/*
The release's own prefix. Helm's customary rule (a release whose name contains the chart's) is narrowed to equality:
otherwise the releases `shop` and `shop-headgate` would delete each other's hooks.
*/}}
{{- define "headgate.fullname" -}}
{{- $chart := include "headgate.chartName" . -}}
{{- $full := eq .Release.Name $chart | ternary $chart (printf "%s-%s" .Release.Name $chart) -}}
{{- default $full .Values.fullnameOverride -}}
{{- end }}

{{/*
The name of one object; takes {root, suffix, max}. `max` is 63 when left out (52 for a CronJob). A name that would be
longer is cut, and a hash of the whole keeps it apart from another that begins alike.
*/}}
{{- define "headgate.name" -}}
{{- $full := include "headgate.fullname" .root -}}
{{- $room := sub (default 63 .max) (add1 (len .suffix)) | int -}}
{{- if gt (len $full) $room -}}
{{- $head := regexReplaceAll "[-.]+$" (trunc (sub $room 9 | int) $full) "" -}}
{{- $full = printf "%s-%s" $head (sha256sum $full | trunc 8) -}}
{{- end -}}
{{- printf "%s-%s" $full .suffix -}}
{{- end }}

{{/*
The name of a CronJob that is there to be started by hand; takes {root, command}. At most 52 characters: Kubernetes'
limit for a CronJob, and a time in seconds still fits behind the name.
*/}}
{{- define "headgate.manualName" -}}
{{- include "headgate.name" (dict "root" .root "suffix" (printf "manual-%s" .command) "max" 52) -}}
{{- end }}

{{- define "headgate.serviceAccountName" -}}
{{- $made := include "headgate.name" (dict "root" . "suffix" "migrate") -}}
{{- default (ternary $made "default" .Values.serviceAccount.create) .Values.serviceAccount.name -}}
{{- end }}
