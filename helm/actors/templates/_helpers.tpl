{{- define "actors.fullname" -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- ternary .Release.Name (printf "%s-%s" .Release.Name $name) (contains $name .Release.Name) | trunc 50 | trimSuffix "-" -}}
{{- end -}}

{{- define "actors.runNamespace" -}}
{{- default (printf "%s-runs" (include "actors.fullname" .)) .Values.runs.namespace -}}
{{- end -}}

{{/* Labels; arguments: root, component. */}}
{{- define "actors.selector" -}}
app.kubernetes.io/name: {{ default .root.Chart.Name .root.Values.nameOverride }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end -}}

{{/* The same on one line. */}}
{{- define "actors.match" -}}{{ include "actors.selector" . | fromYaml | toJson }}{{- end -}}

{{- define "actors.labels" -}}
{{ include "actors.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version }}
{{- end -}}

{{/* Image reference; arguments: root, name, digest. */}}
{{- define "actors.image" -}}
{{- $repository := required "image.repository is required: the registry and path of the images silo and runner" .root.Values.image.repository -}}
{{- if .digest -}}{{ $repository }}/{{ .name }}@{{ .digest }}{{- else -}}{{ $repository }}/{{ .name }}:{{ default .root.Chart.AppVersion .root.Values.image.tag }}{{- end -}}
{{- end -}}

{{- define "actors.probeImage" -}}
{{- if .Values.isolation.probeImage -}}{{ .Values.isolation.probeImage }}{{- else if .Values.isolation.probeDigest -}}{{ .Values.image.repository }}/probe@{{ .Values.isolation.probeDigest }}{{- end -}}
{{- end -}}

{{- define "actors.postgresql" -}}{{- if .Values.silo.database.postgresql.connection -}}true{{- end -}}{{- end -}}

{{- define "actors.listen" -}}{{ ternary "127.0.0.1" "0.0.0.0" .Values.hostNetwork }}{{- end -}}

{{- define "actors.runnerUrl" -}}
{{- if .Values.hostNetwork -}}http://127.0.0.1:{{ .Values.runner.port }}{{- else -}}http://{{ include "actors.fullname" . }}-runner.{{ .Release.Namespace }}.svc:{{ .Values.runner.port }}{{- end -}}
{{- end -}}

{{- define "actors.authenticates" -}}{{- if or .Values.silo.access.tokensSecret.name .Values.silo.access.oauth.issuer -}}true{{- end -}}{{- end -}}

{{- define "actors.scheme" -}}{{ ternary "https" "http" (ne .Values.silo.tlsSecret "") }}{{- end -}}

{{- define "actors.siloUrl" -}}
{{- include "actors.scheme" . -}}://{{- if .Values.hostNetwork -}}127.0.0.1:{{ .Values.silo.port }}{{- else -}}{{ include "actors.fullname" . }}-silo.{{ .Release.Namespace }}.svc:{{ .Values.silo.port }}{{- end -}}
{{- end -}}

{{/* Names that the Host header may carry: the service's own and what the values add. */}}
{{- define "actors.allowedHosts" -}}
{{- $service := printf "%s-silo" (include "actors.fullname" .) -}}
{{- $hosts := list -}}
{{- if not .Values.hostNetwork -}}{{- $hosts = list $service (printf "%s.%s" $service .Release.Namespace) (printf "%s.%s.svc" $service .Release.Namespace) (printf "%s.%s.svc.cluster.local" $service .Release.Namespace) -}}{{- end -}}
{{- if .Values.ingress.enabled -}}{{- $hosts = append $hosts .Values.ingress.host -}}{{- end -}}
{{- concat $hosts .Values.silo.allowedHosts | uniq | join "," -}}
{{- end -}}

{{- define "actors.tokenSecret" -}}{{ default (printf "%s-runner-token" (include "actors.fullname" .)) .Values.runner.tokenSecret.name }}{{- end -}}
{{- define "actors.sessionKeySecret" -}}{{ default (printf "%s-session-key" (include "actors.fullname" .)) .Values.silo.sessionKeySecret.name }}{{- end -}}

{{/* A generated value survives upgrades: what is in the cluster is kept. Arguments: root, name, key. */}}
{{- define "actors.keptValue" -}}
{{- $found := lookup "v1" "Secret" .root.Release.Namespace .name -}}
{{- $old := "" -}}
{{- if $found -}}{{- $old = index (default dict $found.data) .key | default "" -}}{{- end -}}
{{- if $old -}}{{ $old }}{{- else -}}{{ randAlphaNum 64 | b64enc }}{{- end -}}
{{- end -}}

{{/* The restricted level of the Pod Security Standards. */}}
{{- define "actors.podSecurity" -}}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
fsGroup: 65532
fsGroupChangePolicy: OnRootMismatch
seccompProfile: {type: RuntimeDefault}
{{- end -}}

{{- define "actors.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
{{- end -}}

{{/* Probes; arguments: root, scheme. With hostNetwork the node's loopback is the only address. */}}
{{- define "actors.probes" -}}
{{- $at := dict "port" "http" "scheme" (upper .scheme) -}}
{{- if .root.Values.hostNetwork -}}{{- $_ := set $at "host" "127.0.0.1" -}}{{- end -}}
{{- $health := set (deepCopy $at) "path" "/healthz" | toJson -}}
startupProbe: {httpGet: {{ $health }}, periodSeconds: 2, failureThreshold: 60}
livenessProbe: {httpGet: {{ $health }}, periodSeconds: 10, timeoutSeconds: 5, failureThreshold: 6}
readinessProbe: {httpGet: {{ set $at "path" "/readyz" | toJson }}, periodSeconds: 5, timeoutSeconds: 5, failureThreshold: 2}
{{- end -}}

{{/* What both kinds of pod share before their containers; arguments: root, values, component. */}}
{{- define "actors.podCommon" -}}
{{- with .root.Values.image.pullSecrets }}
imagePullSecrets: {{- toYaml . | nindent 2 }}
{{- end }}
{{- if .root.Values.hostNetwork }}
hostNetwork: true
{{- end }}
enableServiceLinks: false
terminationGracePeriodSeconds: {{ .values.terminationGracePeriodSeconds }}
securityContext: {{- include "actors.podSecurity" . | nindent 2 }}
{{- with .values.nodeSelector }}
nodeSelector: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .values.tolerations }}
tolerations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{/* A claim template; arguments: name, values (size, storageClass). */}}
{{- define "actors.claim" -}}
- metadata: {name: {{ .name }}}
  spec:
    accessModes: [ReadWriteOnce]
    {{- with .values.storageClass }}
    storageClassName: {{ . }}
    {{- end }}
    resources: {requests: {storage: {{ .values.size }}}}
{{- end -}}

{{/* A quantity as a plain number times `times`, plus `more`; arguments: value, times, more. */}}
{{- define "actors.add" -}}
{{- $units := dict "" 1.0 "m" 0.001 "k" 1000.0 "K" 1000.0 "Ki" 1024.0 "M" 1000000.0 "Mi" 1048576.0 "G" 1000000000.0 "Gi" 1073741824.0 "T" 1000000000000.0 "Ti" 1099511627776.0 -}}
{{- $text := toString .value -}}
{{- printf "%.0f" (addf (mulf (regexFind "^[0-9.]+" $text | float64) (index $units (regexFind "[a-zA-Z]*$" $text)) .times) .more) -}}
{{- end -}}
