import { Type } from "typebox";
import { baseUrl, flag, group, integer, number, oneOf, secret, text, url } from "./kinds.ts";

const isPercentEncoded = (value: string) => {
  try {
    decodeURIComponent(value);
    return true;
  } catch {
    return false;
  }
};
const percentEncodedPairs = () => "comma-separated key=value pairs with percent-encoded values (%25 for a percent sign)";

export const log = group("Logs, metrics and traces", {
  level: oneOf("LOG_LEVEL", ["error", "warn", "info", "debug", "silent"], {
    default: "info",
    example: "debug",
    description: "error, warn, info, debug or silent",
  }),
});

export const metrics = group("Logs, metrics and traces", {
  token: secret("METRICS_TOKEN", {
    example: "a-fifth-random-value-of-32-characters",
    description: "Bearer token for /metrics. Empty: administrators and, if project code has its own network, programs on this host",
  }),
});

export const traces = group("Logs, metrics and traces", {
  endpoint: Type.Optional(
    baseUrl("OTEL_EXPORTER_OTLP_ENDPOINT", {
      example: "http://localhost:4318",
      description: "OpenTelemetry collector for traces over OTLP/HTTP; unset: no traces",
    }),
  ),
  tracesEndpoint: Type.Optional(
    url("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", {
      example: "http://localhost:4318/v1/traces",
      description: "Full URL of the OTLP traces endpoint, instead of OTEL_EXPORTER_OTLP_ENDPOINT",
    }),
  ),
  headers: Type.Refine(
    secret("OTEL_EXPORTER_OTLP_HEADERS", {
      example: "x-api-key=…",
      description: "Headers for the collector, key=value, comma-separated",
    }),
    isPercentEncoded,
    percentEncodedPairs,
  ),
  protocol: oneOf("OTEL_EXPORTER_OTLP_PROTOCOL", ["http/protobuf", "http/json"], {
    default: "http/protobuf",
    example: "http/json",
    description: "http/protobuf or http/json",
  }),
  serviceName: text("OTEL_SERVICE_NAME", { default: "tesslate-studio", example: "studio-eu", description: "Service name in traces" }),
  attributes: Type.Refine(
    text("OTEL_RESOURCE_ATTRIBUTES", {
      example: "deployment.environment=prod",
      description: "Additional resource attributes in traces, key=value, comma-separated",
    }),
    isPercentEncoded,
    percentEncodedPairs,
  ),
  ratio: number("OTEL_TRACES_SAMPLER_ARG", { default: "1", example: "0.1", description: "Sampling ratio of traces, 0 to 1" }),
  delayMs: integer("OTEL_BSP_SCHEDULE_DELAY", {
    minimum: 1,
    unit: "milliseconds",
    default: "5000",
    example: "1000",
    description: "Interval between span exports in milliseconds",
  }),
  isOff: flag("OTEL_SDK_DISABLED", { default: "false", example: "true", description: "Disable traces" }),
});
