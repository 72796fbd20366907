{{- define "portal.pod" -}}
enableServiceLinks: false
securityContext: {runAsNonRoot: true, runAsUser: 10001, fsGroup: 10001, seccompProfile: {type: RuntimeDefault}}
terminationGracePeriodSeconds: 35
topologySpreadConstraints:
  - maxSkew: 1
    topologyKey: kubernetes.io/hostname
    whenUnsatisfiable: ScheduleAnyway
    labelSelector: {matchLabels: {app: {{ .Release.Name }}-{{ .part }}}}
volumes:
  - {name: instance, emptyDir: {}}
  - {name: tmp, emptyDir: {}}
{{- end }}

{{- define "portal.container" -}}
image: {{ .Values.image }}
securityContext: {allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: {drop: [ALL]}}
volumeMounts:
  - {name: instance, mountPath: /var/lib/portal}
  - {name: tmp, mountPath: /tmp}
envFrom:
  - secretRef: {name: {{ .Values.secret }}}
env:
  - {name: PORTAL_PRODUCTION, value: "1"}
  - {name: PORTAL_BASE_URL, value: {{ .Values.baseUrl | quote }}}
  - {name: PORTAL_MAIL_FROM, value: {{ .Values.mailFrom | quote }}}
  - {name: PORTAL_DOCUMENTS_URL, value: {{ .Values.documentsUrl | quote }}}
  - {name: PORTAL_TRUSTED_PROXIES, value: {{ .Values.web.trustedProxies | quote }}}
  {{- range $name, $value := .Values.environment }}
  - {name: {{ $name }}, value: {{ $value | quote }}}
  {{- end }}
{{- end }}
