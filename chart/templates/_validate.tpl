{{/* Every problem that the schema cannot see, in one message. Each check prints a line for each problem. */}}
{{- define "headgate.validate" -}}
{{- $problems := list -}}
{{- range list "secret" "image" "time" "account" "tls" "inline" "annotations" "backup" "drift" -}}
{{- range splitList "\n" (include (printf "headgate.validate.%s" .) $) -}}
{{- with trim . -}}
{{- $problems = append $problems (printf "  - %s" .) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- with $problems -}}
{{- fail (printf "\n\nHeadgate cannot work with these values:\n%s\n" (join "\n" .)) -}}
{{- end -}}
{{- end }}

{{- define "headgate.validate.secret" -}}
{{- if not .Values.database.existingSecret }}
database.existingSecret is empty. Name the Secret that holds the connection; it has to exist before the release does.
{{- end }}
{{- end }}

{{- define "headgate.validate.image" -}}
{{- $image := .Values.image -}}
{{- $tag := default .Chart.AppVersion $image.tag -}}
{{- if regexMatch "^$|@|:[^/]*$" $image.repository }}
image.repository is {{ quote $image.repository }}. Name the repository alone; the rest belongs into image.tag or image.digest.
{{- end }}
{{- if not (or $image.digest $image.allowMutable (and $tag (ne $tag "latest"))) }}
image.tag is {{ quote $tag }}: nobody could say afterwards what ran. Name an immutable tag or image.digest, or set image.allowMutable: true.
{{- end }}
{{- end }}

{{/* The agent keeps 30 s to end, report and be read before the Job's deadline removes its pod. */}}
{{- define "headgate.validate.time" -}}
{{- $deadline := mul .Values.job.activeDeadlineSeconds 1000 -}}
{{- $grace := mul .Values.terminationGracePeriodSeconds 1000 -}}
{{- $wait := include "headgate.milliseconds" .Values.wait.timeout | int64 -}}
{{- $budget := include "headgate.milliseconds" .Values.migrate.lockBudget | int64 -}}
{{- $delay := include "headgate.milliseconds" .Values.rollback.delay | int64 -}}
{{- $room := sub $deadline (add $wait 30000) -}}
{{- if lt $room 0 }}
wait.timeout {{ .Values.wait.timeout }} and the reserve of 30s do not fit into job.activeDeadlineSeconds {{ int .Values.job.activeDeadlineSeconds }}. Shorten the one or lengthen the other.
{{- else if gt $budget $room }}
migrate.lockBudget {{ .Values.migrate.lockBudget }} does not fit into job.activeDeadlineSeconds {{ int .Values.job.activeDeadlineSeconds }} less wait.timeout {{ .Values.wait.timeout }} and the reserve of 30s. Shorten lockBudget or wait.timeout, or lengthen activeDeadlineSeconds.
{{- else if and (or .Values.rollback.enabled .Values.manual.enabled) (gt (add $budget $delay) $room) }}
rollback.delay {{ .Values.rollback.delay }} does not fit into job.activeDeadlineSeconds {{ int .Values.job.activeDeadlineSeconds }} less wait.timeout {{ .Values.wait.timeout }}, migrate.lockBudget {{ .Values.migrate.lockBudget }} and the reserve of 30s. Shorten delay, lockBudget or wait.timeout, or lengthen activeDeadlineSeconds.
{{- end }}
{{- if ge $grace $deadline }}
terminationGracePeriodSeconds {{ int .Values.terminationGracePeriodSeconds }} has to be less than job.activeDeadlineSeconds {{ int .Values.job.activeDeadlineSeconds }}. Shorten the one or lengthen the other.
{{- end }}
{{- $ladder := .Values.migrate.lockTimeout -}}
{{- if gt (include "headgate.milliseconds" $ladder.first | int64) (include "headgate.milliseconds" $ladder.largest | int64) }}
migrate.lockTimeout.first {{ $ladder.first }} is longer than migrate.lockTimeout.largest {{ $ladder.largest }}. Lower the first or raise the largest.
{{- end }}
{{- end }}

{{- define "headgate.validate.account" -}}
{{- $account := .Values.serviceAccount -}}
{{- range $key, $wanted := dict "report.events" .Values.report.events "report.configMap.enabled" .Values.report.configMap.enabled }}
{{- if and $wanted (not $account.create) (not $account.name) }}
{{ $key }} needs a service account of the Jobs' own to give permission to. Set serviceAccount.create: true, or name an existing one in serviceAccount.name.
{{- end }}
{{- end }}
{{- if and .Values.report.eventsOn.name (not .Values.report.events) }}
report.eventsOn.name is {{ quote .Values.report.eventsOn.name }}, but report.events is false. Set report.events: true, or take the name away.
{{- end }}
{{- if and $account.create (eq $account.name "default") }}
serviceAccount.name is "default", and serviceAccount.create would delete and remake the namespace's own account. Choose another name or set serviceAccount.create: false.
{{- end }}
{{- end }}

{{- define "headgate.validate.tls" -}}
{{- $tls := .Values.database.tls -}}
{{- if and $tls.caSecret (has $tls.mode (list "disable" "allow" "prefer")) }}
database.tls.caSecret is set, but database.tls.mode {{ $tls.mode }} never looks at a CA. Set the mode to verify-full or verify-ca, or take caSecret away.
{{- end }}
{{- if and $tls.certSecret (eq $tls.mode "disable") }}
database.tls.certSecret is set, but database.tls.mode disable never sends a certificate. Set the mode to verify-full, or take certSecret away.
{{- end }}
{{- end }}

{{- define "headgate.validate.inline" -}}
{{- $size := 0 -}}
{{- range $file, $text := .Values.migrations.inline -}}
{{- $size = add $size (len $file) (len $text) -}}
{{- if not (regexMatch "^[0-9]+[-._a-zA-Z0-9]*\\.sql$" $file) }}
migrations.inline has the file {{ quote $file }}. Its name has to begin with a number, end with .sql, and hold letters, digits, '-', '_' and '.' alone: 1_orders.sql.
{{- end }}
{{- end }}
{{- if gt (int64 $size) 921600 }}
migrations.inline holds {{ div $size 1024 }} KiB; a ConfigMap takes 900 KiB. Put the files into an image built FROM Headgate's and name it in image.repository.
{{- end }}
{{- end }}

{{/* Such an annotation would make a hook out of an ordinary object, or take a hook out of Helm's hands. */}}
{{- define "headgate.validate.annotations" -}}
{{- $groups := dict
  "commonAnnotations" .Values.commonAnnotations
  "job.annotations" .Values.job.annotations
  "podAnnotations" .Values.podAnnotations
  "serviceAccount.annotations" .Values.serviceAccount.annotations -}}
{{- range $group, $annotations := $groups -}}
{{- range $key, $_ := $annotations -}}
{{- if regexMatch "^(helm\\.sh|argocd\\.argoproj\\.io)/hook" $key }}
{{ $group }} has {{ quote $key }}: when a hook runs is the chart's own contract. Take the annotation away.
{{- end }}
{{- end }}
{{- end }}
{{- end }}

{{/* A duration such as 500ms, 45s, 10m or 1h, in milliseconds. */}}
{{- define "headgate.milliseconds" -}}
{{- $units := dict "ms" 1 "s" 1000 "m" 60000 "h" 3600000 -}}
{{- mul (regexFind "^[0-9]+" .) (index $units (regexFind "[a-z]+$" .)) -}}
{{- end }}

{{- define "headgate.validate.drift" -}}
{{- if and .Values.drift.schedule (not .Values.drift.record) }}
drift.schedule is {{ quote .Values.drift.schedule }}, and drift.record is false: there is nothing to compare with. Set drift.record to true, or take the schedule away.
{{- end }}
{{- end }}
