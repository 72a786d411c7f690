{{/* The name that every object starts with. */}}
{{- define "accolade.fullname" -}}
{{- if contains "accolade" .Release.Name -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-accolade" .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{/* The image: a digest wins over a tag. */}}
{{- define "accolade.image" -}}
{{- $repository := .Values.image.repository -}}
{{- with .Values.global.imageRegistry }}{{ $repository = printf "%s/%s" . $repository }}{{ end -}}
{{- if .Values.image.digest -}}
{{- printf "%s@%s" $repository .Values.image.digest -}}
{{- else -}}
{{- printf "%s:%s" $repository (.Values.image.tag | default .Chart.AppVersion) -}}
{{- end -}}
{{- end -}}

{{/* The settings of one role: the defaults under its own. Call with (dict "root" $ "name" "registry"). */}}
{{- define "accolade.settings" -}}
{{- mergeOverwrite (deepCopy .root.Values.defaults) (deepCopy (get .root.Values.services .name | default dict)) | toYaml -}}
{{- end -}}

{{- define "accolade.selector" -}}
app.kubernetes.io/name: accolade
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .name }}
{{- end -}}

{{- define "accolade.labels" -}}
{{ include "accolade.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version }}
{{- end -}}

{{/* What the restricted pod security standard asks of a pod. */}}
{{- define "accolade.podSecurity" -}}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
fsGroup: 65532
seccompProfile:
  type: RuntimeDefault
{{- end -}}

{{/* What it asks of a container. */}}
{{- define "accolade.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end -}}

{{/* The host under which clients find a role. */}}
{{- define "accolade.host" -}}
{{- $suffix := ternary "-headless" "" (eq .root.Values.clientLoadBalancing "headless") -}}
{{- printf "%s-%s%s" (include "accolade.fullname" .root) .name $suffix -}}
{{- end -}}

{{/* The environment that every container shares. */}}
{{- define "accolade.env" -}}
- name: ACCOLADE_LOG__FORMAT
  value: {{ .root.Values.telemetry.logFormat | quote }}
{{- with .root.Values.telemetry.otlpEndpoint }}
- name: OTEL_EXPORTER_OTLP_ENDPOINT
  value: {{ . | quote }}
{{- end }}
{{- end -}}
