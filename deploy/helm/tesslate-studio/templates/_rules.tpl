{{/* What values require of each other. Fails with a sentence that says what to set. */}}
{{- define "tesslate-studio.rules" -}}
{{- if not .Values.image.repository }}{{ fail "image.repository is required: no public registry has the image. Build and push it (docs/operations/docker-image.md). Example: image.repository=images.lan/tesslate-studio" }}{{ end -}}
{{- if not .Values.url }}{{ fail "url is required: the URL that people open. Example: url=https://studio.example.com" }}{{ end -}}
{{- if not .Values.previewDomain }}{{ fail "previewDomain is required: a domain that has another registrable domain than url. Example: previewDomain=preview.example.net" }}{{ end -}}
{{- if not (regexMatch "^https?://[^/?#@\\s]+/?$" .Values.url) }}{{ fail (printf "url must be an address without a path, beginning with https:// or http://; it is %q. Example: url=https://studio.example.com" .Values.url) }}{{ end -}}
{{- range $name := list "previewDomain" "appsDomain" }}
{{- $domain := index $.Values $name }}
{{- if and $domain (not (regexMatch "^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$" $domain)) }}{{ fail (printf "%s must be a domain in small letters, without https://, *. and port; it is %q. Example: %s=preview.example.net" $name $domain $name) }}{{ end }}
{{- end -}}
{{- $host := include "tesslate-studio.host" . -}}
{{- range $name := list "previewDomain" "appsDomain" }}
{{- $domain := index $.Values $name }}
{{- if and $domain (or (eq $domain $host) (and (ne $host "localhost") (hasSuffix (printf ".%s" $host) $domain))) }}{{ fail (printf "%s must not be the host of url (%s) or below it: project code could read the cookies of the app. Example: %s=preview.example.net" $name $host $name) }}{{ end }}
{{- end -}}

{{- $databases := list }}
{{- if .Values.database.url }}{{ $databases = append $databases "database.url" }}{{ end -}}
{{- if .Values.database.existingSecret }}{{ $databases = append $databases "database.existingSecret" }}{{ end -}}
{{- if .Values.database.bundled.enabled }}{{ $databases = append $databases "database.bundled.enabled" }}{{ end -}}
{{- if ne (len $databases) 1 }}{{ fail (printf "Set exactly one of database.url, database.existingSecret and database.bundled.enabled; set are: %s." (join ", " $databases | default "none")) }}{{ end -}}

{{- $s3 := .Values.objects.s3 -}}
{{- if and $s3.bucket (not $s3.existingSecret) (not .Values.keys.existingSecret) (or (not $s3.accessKeyId) (not $s3.secretAccessKey)) }}{{ fail "objects.s3.bucket requires an access key: objects.s3.accessKeyId and objects.s3.secretAccessKey, or a secret with them in objects.s3.existingSecret." }}{{ end -}}
{{- if and (not $s3.bucket) (not .Values.persistence.enabled) }}{{ fail "persistence.enabled=false requires objects.s3.bucket: without a volume and a bucket the files of the server are lost with its pod." }}{{ end -}}

{{- if and .Values.restore.target (not .Values.keys.existingSecret) }}{{ fail "restore.target requires keys.existingSecret: a secret with SECRET_KEY and DEPLOYMENT_ENCRYPTION_KEY of the original. Its database cannot be read with other keys." }}{{ end -}}

{{- $several := include "tesslate-studio.several" . -}}
{{- if and (not $several) (or (gt (int .Values.replicas) 1) .Values.autoscaling.enabled) }}{{ fail (printf "Several servers (replicas=%d, autoscaling.enabled=%t) require objects.s3.bucket: files on a volume work with one server." (int .Values.replicas) .Values.autoscaling.enabled) }}{{ end -}}
{{- if and $several (lt (int .Values.terminationGracePeriodSeconds) (add (int .Values.drainSeconds) 50 | int)) }}{{ fail (printf "terminationGracePeriodSeconds must be at least drainSeconds + 50 (%d): a stopping server hands over its projects." (add (int .Values.drainSeconds) 50)) }}{{ end -}}

{{- $remote := .Values.runtime.remote -}}
{{- if eq .Values.runtime.driver "remote" -}}
{{- if and .Values.runner.enabled $remote.url }}{{ fail "Set runtime.remote.url or runner.enabled, not both: an installation has one runner." }}{{ end -}}
{{- if and (not .Values.runner.enabled) (not $remote.url) }}{{ fail "runtime.driver=remote requires a runner: runtime.remote.url, or runner.enabled for one in the cluster. Example: runtime.remote.url=https://runner.lan:7070" }}{{ end -}}
{{- if and (not .Values.runner.enabled) (not $remote.token) (not $remote.existingSecret) (not .Values.keys.existingSecret) }}{{ fail "runtime.remote.url requires the token of the runner: runtime.remote.token, or a secret with RUNNER_TOKEN in runtime.remote.existingSecret." }}{{ end -}}
{{- else -}}
{{- if .Values.runner.enabled }}{{ fail "runner.enabled requires runtime.driver=remote: with runtime.driver=kubernetes each project has a pod of its own." }}{{ end -}}
{{- if eq (include "tesslate-studio.sandboxes" .) .Release.Namespace }}{{ fail "runtime.kubernetes.namespace must be another namespace than that of the release: it is for projects alone." }}{{ end -}}
{{- end -}}

{{- $own := list "PORT" "HOST" "DATA_DIR" "HOME" "TRUST_PROXY" "APP_BASE_URL" "PREVIEW_DOMAIN" "APPS_DOMAIN" "DATABASE_URL" "SERVER_ADDRESS" "DRAIN_SECONDS" "RUNTIME_DRIVER" "KUBECONFIG" -}}
{{- range $map := list "settings" "secretSettings" -}}
{{- range $name, $_ := index $.Values $map -}}
{{- if or (has $name $own) (hasPrefix "KUBERNETES_" $name) (hasPrefix "RUNNER_" $name) (hasPrefix "OBJECTS_S3_" $name) }}{{ fail (printf "%s.%s is set by a value of the chart. helm show values lists them." $map $name) }}{{ end -}}
{{- end -}}
{{- end -}}
{{- end -}}
