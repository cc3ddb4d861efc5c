{{/*
A hook Job's limits; takes {root, backoffLimit, failJob}. `failJob` is a list of {container, codes}: exits after which
another try can only fail again. A disruption never counts as a try, so its rule comes first.
No TTL: the Job's log is what people read afterwards.
*/}}
{{- define "headgate.jobLimits" -}}
backoffLimit: {{ int .backoffLimit }}
activeDeadlineSeconds: {{ int .root.Values.job.activeDeadlineSeconds }}
podReplacementPolicy: Failed
podFailurePolicy:
  rules:
    - action: Ignore
      onPodConditions:
        - type: DisruptionTarget
          status: "True"
    {{- range .failJob }}
    - action: FailJob
      onExitCodes:
        containerName: {{ .container }}
        operator: In
        values: {{ toJson .codes }}
    {{- end }}
{{- end }}
