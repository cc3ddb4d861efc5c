{{/* What the containers that make backups have beside the others: migrate and revert. Takes {root, backup}. */}}
{{- define "headgate.backupPaths" -}}
{{- $backup := .root.Values.backup -}}
{{- $s3 := $backup.s3 -}}
{{- if and .backup (not $s3.bucket) (include "headgate.backupVolume" .root) }}
- --backups={{ $backup.volume.path }}
{{- end }}
{{- if and .backup $s3.bucket }}
{{- if $s3.existingSecret }}
- --s3-secret=/etc/headgate/s3
{{- end }}
{{- if $s3.caSecret }}
- --s3-ca=/etc/headgate/s3-ca/{{ $s3.caKey }}
{{- end }}
{{- end }}
{{- end }}

{{- define "headgate.backupMounts" -}}
{{- $backup := .root.Values.backup -}}
{{- if .backup }}
{{- if not $backup.s3.bucket }}
{{- if $backup.volume.existingClaim }}
- name: backups
  mountPath: {{ $backup.volume.path | quote }}
  {{- with $backup.volume.subPath }}
  subPath: {{ quote . }}
  {{- end }}
{{- end }}
{{- else }}
{{- range $name := list "s3" "s3-ca" }}
{{- if eq $name "s3" | ternary $backup.s3.existingSecret $backup.s3.caSecret }}
- name: {{ $name }}
  mountPath: /etc/headgate/{{ $name }}
  readOnly: true
{{- end }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}

{{/* The volumes to these mounts; takes the root. */}}
{{- define "headgate.backupVolumes" -}}
{{- $backup := .Values.backup -}}
{{- if not $backup.s3.bucket }}
{{- with $backup.volume.existingClaim }}
- name: backups
  persistentVolumeClaim:
    claimName: {{ quote . }}
{{- end }}
{{- else }}
{{- range $name := list "s3" "s3-ca" }}
{{- with eq $name "s3" | ternary $backup.s3.existingSecret $backup.s3.caSecret }}
- name: {{ $name }}
  secret:
    secretName: {{ quote . }}
    optional: true
    defaultMode: 0440
{{- end }}
{{- end }}
{{- end }}
{{- end }}

{{/* A volume lies there: the claim, or one of extraVolumes that lasts. Gives "yes", "gone" for one that goes with the pod, or nothing. */}}
{{- define "headgate.backupVolume" -}}
{{- $values := .Values -}}
{{- $found := ternary "yes" "" (not (empty $values.backup.volume.existingClaim)) -}}
{{- range $mount := $values.extraVolumeMounts -}}
{{- if eq (trimSuffix "/" (default "" $mount.mountPath)) (trimSuffix "/" $values.backup.volume.path) -}}
{{- range $volume := $values.extraVolumes -}}
{{- if eq $volume.name $mount.name -}}
{{- $found = ternary "gone" "yes" (hasKey $volume "emptyDir") -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- $found -}}
{{- end }}

{{- define "headgate.validate.backup" -}}
{{- $backup := .Values.backup -}}
{{- $s3 := $backup.s3 -}}
{{- $volume := include "headgate.backupVolume" . -}}
{{- if and (hasPrefix "dump" $backup.strategy) (not $s3.bucket) }}
{{- if not $volume }}
backup.strategy is {{ $backup.strategy }}, and nothing says where backups go. Name a claim in backup.volume.existingClaim, or a bucket in backup.s3.bucket.
{{- else if eq $volume "gone" }}
backup.volume.path {{ $backup.volume.path }} is an emptyDir, which goes with the pod. Name a claim in backup.volume.existingClaim, or a bucket in backup.s3.bucket.
{{- end }}
{{- end }}
{{- if and (eq $backup.strategy "command") (not $backup.command) }}
backup.strategy is command, and backup.command is empty. Name the program and its arguments.
{{- end }}
{{- if not (regexMatch "^/[^/]" $backup.volume.path) }}
backup.volume.path is {{ quote $backup.volume.path }}. In a pod it has to be a whole path: /backups.
{{- end }}
{{- if and $s3.kmsKeyId (ne $s3.sse "aws:kms") }}
backup.s3.kmsKeyId is set, and backup.s3.sse is {{ quote $s3.sse }}. Set sse to aws:kms, or take kmsKeyId away.
{{- end }}
{{- if and $s3.caSecret (not (hasPrefix "https:" $s3.endpoint)) }}
backup.s3.caSecret is set, and backup.s3.endpoint {{ quote $s3.endpoint }} is no https:// URL of your own. Correct the endpoint, or take caSecret away.
{{- end }}
{{- end }}
