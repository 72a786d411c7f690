{{/* Refuses settings that cannot work, in a sentence that says what to set. */}}
{{- define "accolade.validate" -}}
{{- if not .Values.callerKey.existingSecret -}}
{{- fail "Set callerKey.existingSecret to a Secret with the key under which services sign who is calling (at least 32 bytes)." -}}
{{- end -}}
{{- range $name, $_ := .Values.services -}}
{{- $settings := include "accolade.settings" (dict "root" $ "name" $name) | fromYaml -}}
{{- if and $settings.enabled (ne $name "gateway") (not $settings.database.existingSecret) -}}
{{- fail (printf "Set services.%s.database.existingSecret to a Secret with the URI of a database that only %s uses." $name $name) -}}
{{- end -}}
{{- end -}}
{{- end -}}
