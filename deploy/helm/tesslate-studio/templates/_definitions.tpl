{{- define "tesslate-studio.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 40 | trimSuffix "-" -}}
{{- end -}}

{{- define "tesslate-studio.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 40 | trimSuffix "-" -}}
{{- else if contains (include "tesslate-studio.name" .) .Release.Name -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name (include "tesslate-studio.name" .) | trunc 40 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "tesslate-studio.selector" -}}
app.kubernetes.io/name: {{ include "tesslate-studio.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "tesslate-studio.labels" -}}
{{ include "tesslate-studio.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end -}}

{{/* Of a part beside the servers: the runner, the database, the job. Their pods are not selected as servers. */}}
{{- define "tesslate-studio.partSelector" -}}
app.kubernetes.io/name: {{ include "tesslate-studio.name" .root }}-{{ .part }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
{{- end -}}

{{- define "tesslate-studio.partLabels" -}}
{{ include "tesslate-studio.partSelector" . }}
app.kubernetes.io/component: {{ .part }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version }}
{{- end -}}

{{- define "tesslate-studio.image" -}}
{{ .Values.image.repository }}:{{ default .Chart.AppVersion .Values.image.tag }}
{{- end -}}

{{- define "tesslate-studio.serviceAccount" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "tesslate-studio.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{/* Not empty: the servers are several, or can become so. */}}
{{- define "tesslate-studio.several" -}}
{{- if .Values.objects.s3.bucket -}}true{{- end -}}
{{- end -}}

{{- define "tesslate-studio.sandboxes" -}}
{{- default (printf "%s-sandboxes" .Release.Namespace) .Values.runtime.kubernetes.namespace -}}
{{- end -}}

{{/* The label of the servers' pods that network policies select, here and in the namespace of the projects. */}}
{{- define "tesslate-studio.serverLabel" -}}
studio.tesslate.com/server: {{ include "tesslate-studio.fullname" . }}
{{- end -}}

{{- define "tesslate-studio.keysSecret" -}}
{{- default (printf "%s-keys" (include "tesslate-studio.fullname" .)) .Values.keys.existingSecret -}}
{{- end -}}

{{/* A value of a secret in the cluster, or else a new one. */}}
{{- define "tesslate-studio.stored" -}}
{{- $secret := lookup "v1" "Secret" .root.Release.Namespace .name | default dict -}}
{{- $data := get $secret "data" | default dict -}}
{{- if hasKey $data .key -}}{{ get $data .key | b64dec }}{{- else -}}{{ randAlphaNum 48 }}{{- end -}}
{{- end -}}

{{/* What the chart makes itself, once per rendering: in .Values.generated. */}}
{{- define "tesslate-studio.generate" -}}
{{- if not (hasKey .Values "generated") -}}
{{- $name := include "tesslate-studio.fullname" . -}}
{{- $made := dict -}}
{{- range $key := list "SECRET_KEY" "DEPLOYMENT_ENCRYPTION_KEY" -}}
{{- $_ := set $made $key (include "tesslate-studio.stored" (dict "root" $ "name" (printf "%s-keys" $name) "key" $key)) -}}
{{- end -}}
{{- range $key := list "METRICS_TOKEN" "RUNNER_TOKEN" -}}
{{- $_ := set $made $key (include "tesslate-studio.stored" (dict "root" $ "name" $name "key" $key)) -}}
{{- end -}}
{{- $_ := set $made "POSTGRES_PASSWORD" (include "tesslate-studio.stored" (dict "root" . "name" (printf "%s-database" $name) "key" "POSTGRES_PASSWORD")) -}}
{{- $_ := set .Values "generated" $made -}}
{{- end -}}
{{- end -}}

{{/* The secret settings that values give, and tokens that the chart makes. */}}
{{- define "tesslate-studio.secretData" -}}
{{- include "tesslate-studio.generate" . -}}
{{- $data := dict -}}
{{- with .Values.database.url }}{{- $_ := set $data "DATABASE_URL" . }}{{- end -}}
{{- with .Values.objects.s3 -}}
{{- if and .bucket .accessKeyId -}}
{{- $_ := set $data "OBJECTS_S3_ACCESS_KEY_ID" .accessKeyId -}}
{{- $_ := set $data "OBJECTS_S3_SECRET_ACCESS_KEY" .secretAccessKey -}}
{{- end -}}
{{- end -}}
{{- if eq .Values.runtime.driver "remote" -}}
{{- if .Values.runner.enabled -}}
{{- $_ := set $data "RUNNER_TOKEN" .Values.generated.RUNNER_TOKEN -}}
{{- else if .Values.runtime.remote.token -}}
{{- $_ := set $data "RUNNER_TOKEN" .Values.runtime.remote.token -}}
{{- end -}}
{{- end -}}
{{- if .Values.metrics.token -}}
{{- $_ := set $data "METRICS_TOKEN" .Values.metrics.token -}}
{{- else if and .Values.metrics.serviceMonitor.enabled (not .Values.keys.existingSecret) -}}
{{- $_ := set $data "METRICS_TOKEN" .Values.generated.METRICS_TOKEN -}}
{{- end -}}
{{- range $key, $value := .Values.secretSettings -}}
{{- $_ := set $data $key (toString $value) -}}
{{- end -}}
{{- toYaml $data -}}
{{- end -}}

{{/* What values add to the pods of projects, as JSON; empty if nothing. Of runtime.kubernetes. */}}
{{- define "tesslate-studio.podTemplate" -}}
{{- $template := dict -}}
{{- with .nodeSelector }}{{- $_ := set $template "nodeSelector" . }}{{- end -}}
{{- with .tolerations }}{{- $_ := set $template "tolerations" . }}{{- end -}}
{{- with .priorityClassName }}{{- $_ := set $template "priorityClassName" . }}{{- end -}}
{{- with .podLabels }}{{- $_ := set $template "labels" . }}{{- end -}}
{{- with .podAnnotations }}{{- $_ := set $template "annotations" . }}{{- end -}}
{{- if $template }}{{ $template | mustToRawJson }}{{ end -}}
{{- end -}}

{{/* The environment of a server. `secret`: the name of the secret with secretData. */}}
{{- define "tesslate-studio.environment" -}}
{{- $root := .root -}}
{{- with .root -}}
env:
  - { name: POD_IP, valueFrom: { fieldRef: { fieldPath: status.podIP } } }
  - { name: HOME, value: /tmp }
  - { name: HOST, value: {{ ternary "::" "0.0.0.0" .Values.ipv6 | quote }} }
  - { name: PORT, value: "8000" }
  - { name: DATA_DIR, value: /data }
  - { name: TRUST_PROXY, value: "true" }
  - { name: APP_BASE_URL, value: {{ .Values.url | quote }} }
  - { name: PREVIEW_DOMAIN, value: {{ .Values.previewDomain | quote }} }
  {{- with .Values.appsDomain }}
  - { name: APPS_DOMAIN, value: {{ . | quote }} }
  {{- end }}
  {{- if .Values.database.bundled.enabled }}
  - name: DATABASE_URL
    valueFrom: { secretKeyRef: { name: {{ include "tesslate-studio.fullname" . }}-database, key: DATABASE_URL } }
  {{- else if .Values.database.existingSecret }}
  - name: DATABASE_URL
    valueFrom: { secretKeyRef: { name: {{ .Values.database.existingSecret }}, key: {{ .Values.database.existingSecretKey }} } }
  {{- end }}
  {{- if include "tesslate-studio.several" . }}
  - { name: SERVER_ADDRESS, value: {{ ternary "http://[$(POD_IP)]:8000" "http://$(POD_IP):8000" .Values.ipv6 | quote }} }
  - { name: DRAIN_SECONDS, value: {{ .Values.drainSeconds | quote }} }
  {{- end }}
  {{- with .Values.objects.s3 }}
  {{- if .bucket }}
  - { name: OBJECTS_S3_BUCKET, value: {{ .bucket | quote }} }
  {{- if .prefix }}
  - { name: OBJECTS_S3_PREFIX, value: {{ .prefix | quote }} }
  {{- end }}
  {{- if .endpoint }}
  - { name: OBJECTS_S3_ENDPOINT, value: {{ .endpoint | quote }} }
  {{- end }}
  - { name: OBJECTS_S3_REGION, value: {{ .region | quote }} }
  - { name: OBJECTS_S3_PATH_STYLE, value: {{ .pathStyle | quote }} }
  {{- end }}
  {{- end }}
  - { name: RUNTIME_DRIVER, value: {{ .Values.runtime.driver }} }
  {{- if eq .Values.runtime.driver "kubernetes" }}
  {{- with .Values.runtime.kubernetes }}
  - { name: KUBERNETES_NAMESPACE, value: {{ include "tesslate-studio.sandboxes" $root }} }
  - { name: KUBERNETES_IMAGE, value: {{ include "tesslate-studio.image" $root | quote }} }
  - { name: KUBERNETES_ALLOW_FROM, value: {{ printf "%s/studio.tesslate.com/server=%s" $root.Release.Namespace (include "tesslate-studio.fullname" $root) | quote }} }
  - { name: KUBERNETES_WORKLOADS, value: {{ .workloads }} }
  - { name: KUBERNETES_VOLUME_MB, value: {{ .volumeMb | int64 | quote }} }
  - { name: KUBERNETES_REQUEST_MEMORY_MB, value: {{ .requestMemoryMb | int64 | quote }} }
  - { name: KUBERNETES_REQUEST_CPU, value: {{ .requestCpu | quote }} }
  - { name: KUBERNETES_SUSPEND_MINUTES, value: {{ .suspendMinutes | quote }} }
  - { name: KUBERNETES_START_MINUTES, value: {{ .startMinutes | quote }} }
  - { name: KUBERNETES_WARM_PODS, value: {{ .warmPods | int64 | quote }} }
  {{- if .runtimeClass }}
  - { name: KUBERNETES_RUNTIME_CLASS, value: {{ .runtimeClass | quote }} }
  {{- end }}
  {{- if .storageClass }}
  - { name: KUBERNETES_STORAGE_CLASS, value: {{ .storageClass | quote }} }
  {{- end }}
  {{- if .imagePullSecret }}
  - { name: KUBERNETES_IMAGE_PULL_SECRET, value: {{ .imagePullSecret | quote }} }
  {{- end }}
  {{- with include "tesslate-studio.podTemplate" . }}
  - { name: KUBERNETES_POD_TEMPLATE, value: {{ . | replace "$(" "$$(" | quote }} }
  {{- end }}
  {{- if .outboundAllow }}
  - { name: KUBERNETES_OUTBOUND_ALLOW, value: {{ .outboundAllow | quote }} }
  {{- end }}
  {{- end }}
  {{- else }}
  - { name: RUNNER_URL, value: {{ ternary (printf "http://%s-runner:7070" (include "tesslate-studio.fullname" .)) .Values.runtime.remote.url .Values.runner.enabled | quote }} }
  {{- if .Values.runtime.remote.caSecret }}
  - { name: RUNNER_CA_FILE, value: /etc/tesslate/runner/ca.crt }
  {{- end }}
  {{- end }}
  {{- range $name, $value := .Values.settings }}
  - { name: {{ $name }}, value: {{ toString $value | quote }} }
  {{- end }}
envFrom:
  - secretRef: { name: {{ include "tesslate-studio.keysSecret" . }} }
  - secretRef: { name: {{ $.secret }} }
  {{- with .Values.objects.s3.existingSecret }}
  - secretRef: { name: {{ . }} }
  {{- end }}
  {{- with .Values.runtime.remote.existingSecret }}
  - secretRef: { name: {{ . }} }
  {{- end }}
{{- end -}}
{{- end -}}

{{/* A container that meets the Pod Security Standard "restricted". */}}
{{- define "tesslate-studio.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: { drop: [ALL] }
{{- end -}}

{{- define "tesslate-studio.podSecurity" -}}
runAsNonRoot: true
runAsUser: {{ . }}
runAsGroup: {{ . }}
fsGroup: {{ . }}
fsGroupChangePolicy: OnRootMismatch
seccompProfile: { type: RuntimeDefault }
{{- end -}}

{{- define "tesslate-studio.pullSecrets" -}}
{{- with .Values.image.pullSecrets -}}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end -}}
{{- end -}}

{{/* Hosts of the ingress. */}}
{{- define "tesslate-studio.host" -}}
{{- get (urlParse .Values.url) "host" | splitList ":" | first -}}
{{- end -}}
