{{/* Names, labels and what the deployments share. */}}

{{- define "skipper.name" -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- end -}}

{{- define "skipper.selector" -}}
application: {{ include "skipper.name" .root }}
component: {{ .component }}
{{- end -}}

{{- define "skipper.labels" -}}
{{ include "skipper.selector" . }}
app.kubernetes.io/name: {{ .root.Chart.Name }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" }}
{{- end -}}

{{- define "skipper.image" -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end -}}

{{- define "skipper.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end -}}

{{- define "skipper.placement" -}}
{{- with .Values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with .Values.nodeSelector }}
nodeSelector: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.image.pullSecrets }}
imagePullSecrets: {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{/* False, Pre or Exec: --set makes a boolean of the first. */}}
{{- define "skipper.mode" -}}
{{- .Values.routeServer.mode | toString | title -}}
{{- end -}}

{{/* Of all replicas, with a bar between each two. */}}
{{- define "skipper.routesUrls" -}}
{{- if .Values.routeServer.urls -}}
{{- join "|" .Values.routeServer.urls -}}
{{- else -}}
http://{{ include "skipper.name" . }}-routesrv.{{ .Release.Namespace }}.svc:{{ .Values.routeServer.port }}/routes
{{- end -}}
{{- end -}}

{{/* "true" when proxies may read the cluster in place of the Route Server; flags that would make other routes of it are refused. */}}
{{- define "skipper.fallback" -}}
{{- if and .Values.routeServer.fallback.enabled (eq (include "skipper.mode" .) "Exec") -}}
{{- range concat .Values.kubernetes.flags .Values.routeServer.flags -}}
{{- if regexMatch "^--?(default-filters-(prepend|append)|edit-route|clone-route)(=|$)" . -}}
{{- fail (printf "routeServer.fallback: %s changes routes, which proxies must do themselves then: it belongs to flags" .) -}}
{{- end -}}
{{- end -}}
{{- range .Values.routeServer.flags -}}
{{- if regexMatch "^--?(enable-)?kubernetes-" . -}}
{{- fail (printf "routeServer.fallback: %s makes routes, also for proxies that read the cluster: it belongs to kubernetes.flags" .) -}}
{{- end -}}
{{- end -}}
true
{{- end -}}
{{- end -}}

{{/* Who writes the status of Ingresses: proxy, routesrv or nobody. */}}
{{- define "skipper.statusWriter" -}}
{{- if not .Values.kubernetes.statusFromService }}nobody{{ else if eq (include "skipper.mode" .) "Exec" }}routesrv{{ else }}proxy{{ end -}}
{{- end -}}

{{/* What routes are made of. Proxies keep these rights in the mode Exec too, so that the way back needs none. */}}
{{- define "skipper.routeRules" -}}
- apiGroups: [networking.k8s.io]
  resources: [ingresses]
  verbs: [list, watch]
- apiGroups: [zalando.org]
  resources: [routegroups]
  verbs: [list, watch]
- apiGroups: [""]
  resources: [services]
  verbs: [list, watch]
{{- if .Values.kubernetes.endpointSlices }}
- apiGroups: [discovery.k8s.io]
  resources: [endpointslices]
  verbs: [list, watch]
{{- else }}
- apiGroups: [""]
  resources: [endpoints]
  verbs: [list, watch]
{{- end }}
- apiGroups: [events.k8s.io]
  resources: [events]
  verbs: [create]
- apiGroups: [zalando.org]
  resources: [routegroups/status]
  verbs: [patch]
{{- end -}}
