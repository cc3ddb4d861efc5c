{{/* The full reference of the migrator image. A parent chart calls it with .Subcharts.headgate (or its alias). */}}
{{- define "headgate.image" -}}
{{- $image := .Values.image -}}
{{- $registry := default $image.registry (.Values.global).imageRegistry -}}
{{- $repository := empty $registry | ternary $image.repository (printf "%s/%s" (trimSuffix "/" $registry) $image.repository) -}}
{{- if $image.digest -}}
{{- printf "%s@%s" $repository $image.digest -}}
{{- else -}}
{{- printf "%s:%s" $repository (default .Chart.AppVersion $image.tag) -}}
{{- end -}}
{{- end }}

{{/* Pull secrets of the chart and of its parent, each once, as a list of {name}. */}}
{{- define "headgate.pullSecrets" -}}
{{- $secrets := list -}}
{{- range concat (.Values.image.pullSecrets | default list) ((.Values.global).imagePullSecrets | default list) -}}
{{- $secrets = append $secrets (kindIs "string" . | ternary (dict "name" .) .) -}}
{{- end -}}
{{- uniq $secrets | toYaml -}}
{{- end }}
