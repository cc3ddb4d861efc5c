{{/*
What every object and pod is labelled with; takes {root, component}. The name is never the application's, so that none
of its Services and PodDisruptionBudgets selects these pods.
*/}}
{{- define "headgate.ownLabels" -}}
app.kubernetes.io/name: headgate
app.kubernetes.io/instance: {{ quote .root.Release.Name }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | replace "+" "_" | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
app.kubernetes.io/component: {{ .component }}
helm.sh/chart: {{ include "headgate.chart" .root | replace "+" "_" | trunc 63 | trimAll "-_." }}
{{- end }}

{{/* The chart and its version, whatever the alias. */}}
{{- define "headgate.chart" -}}
headgate-{{ .Chart.Version }}
{{- end }}

{{/* An object's labels; takes {root, component, more}. */}}
{{- define "headgate.labels" -}}
{{- $own := include "headgate.ownLabels" . | fromYaml -}}
{{- merge (dict) $own (default (dict) .more) .root.Values.commonLabels | toYaml -}}
{{- end }}

{{/* A pod's labels; takes {root, component}. */}}
{{- define "headgate.podLabels" -}}
{{- $own := include "headgate.ownLabels" . | fromYaml -}}
{{- if .root.Values.mesh.optOut -}}
{{- $_ := set $own "sidecar.istio.io/inject" "false" -}}
{{- end -}}
{{- merge (dict) $own .root.Values.podLabels | toYaml -}}
{{- end }}
