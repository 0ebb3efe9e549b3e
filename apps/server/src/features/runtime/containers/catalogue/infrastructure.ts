import { generated, type Program, type ServiceDefinition } from "./definition.ts";
import { nginxArgs } from "./programs.ts";
import { respondsToHttp } from "./probes.ts";

const nginxWork = "/var/cache/nginx";
const nginxSite = `# The site of this container. \${NAME} stands for a variable of its environment, also one that a connection brings:
# connect a container named "api" and put \`proxy_pass \${API_URL};\` into a location.
server {
  listen \${HOST}:\${PORT};
  root html;

  location / {
    try_files $uri $uri/ /index.html;
  }
}
`;
const nginxPage = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="UTF-8" />
    <title>nginx</title>
  </head>
  <body>
    <p>This is nginx. Its site is described in <code>default.conf.template</code> beside this folder.</p>
  </body>
</html>
`;
const prometheusFile = `# What is measured. Give each container that serves /metrics a job; host names are the names of containers.
global:
  scrape_interval: 15s
scrape_configs: []
`;
const nginxFrom = (program: string): Program => ({
  needs: [program],
  command: () => nginxArgs(program, nginxWork),
  health: ({ port }) => respondsToHttp(port),
});
const prometheusFrom = (program: string): Program => ({
  needs: [program],
  command: ({ port, listen }) => [
    program,
    "--config.file",
    "prometheus.yml",
    "--storage.tsdb.path",
    "/prometheus",
    "--web.listen-address",
    `${listen}:${port}`,
  ],
  health: ({ port }) => respondsToHttp(port, "/-/ready"),
});
const wget = (url: string) => ["wget", "-q", "-O", "/dev/null", url];
const curl = (url: string) => ["curl", "-fsS", "-o", "/dev/null", url];

export const infrastructure: readonly ServiceDefinition[] = [
  {
    slug: "rabbitmq",
    name: "RabbitMQ",
    category: "queue",
    description: "A message broker: queues, topics and acknowledgements over AMQP.",
    running: {
      port: 5672,
      image: "rabbitmq:4-alpine",
      imageEnv: ({ port }) => ({ RABBITMQ_NODE_PORT: String(port) }),
      imageHealth: () => ["rabbitmq-diagnostics", "-q", "check_port_connectivity"],
      env: { RABBITMQ_DEFAULT_USER: "app", RABBITMQ_DEFAULT_PASS: generated },
      volumes: [{ name: "data", path: "/var/lib/rabbitmq" }],
      stopSignal: "SIGTERM",
      stopGraceMs: 30_000,
      programs: [],
      connection: {
        RABBITMQ_URL: "amqp://{RABBITMQ_DEFAULT_USER}:{RABBITMQ_DEFAULT_PASS}@{container_name}:{internal_port}",
        RABBITMQ_HOST: "{container_name}",
        RABBITMQ_PORT: "{internal_port}",
        RABBITMQ_USER: "{RABBITMQ_DEFAULT_USER}",
        RABBITMQ_PASSWORD: "{RABBITMQ_DEFAULT_PASS}",
      },
    },
    outputs: {
      RABBITMQ_URL: "Connection URL with user and password",
      RABBITMQ_HOST: "Host name",
      RABBITMQ_PORT: "Port",
      RABBITMQ_USER: "User",
      RABBITMQ_PASSWORD: "Password",
    },
  },
  {
    slug: "elasticsearch",
    name: "Elasticsearch",
    category: "search",
    description: "Full-text search and analytics over JSON documents.",
    running: {
      port: 9200,
      image: "elasticsearch:9.1.4",
      imageHealth: ({ port }) => ["bash", "-c", 'exec 3<>"/dev/tcp/127.0.0.1/$1"', "probe", String(port)],
      imageEnv: ({ port }) => ({
        "http.port": String(port),
        "discovery.type": "single-node",
        "xpack.security.http.ssl.enabled": "false",
        ES_JAVA_OPTS: "-Xms512m -Xmx512m",
      }),
      env: { ELASTIC_PASSWORD: generated },
      volumes: [{ name: "data", path: "/usr/share/elasticsearch/data" }],
      stopSignal: "SIGTERM",
      stopGraceMs: 30_000,
      programs: [],
      connection: {
        ELASTICSEARCH_URL: "http://elastic:{ELASTIC_PASSWORD}@{container_name}:{internal_port}",
        ELASTICSEARCH_HOST: "{container_name}",
        ELASTICSEARCH_PORT: "{internal_port}",
        ELASTICSEARCH_USER: "elastic",
        ELASTICSEARCH_PASSWORD: "{ELASTIC_PASSWORD}",
      },
    },
    outputs: {
      ELASTICSEARCH_URL: "Connection URL with user and password",
      ELASTICSEARCH_HOST: "Host name",
      ELASTICSEARCH_PORT: "Port",
      ELASTICSEARCH_USER: "User",
      ELASTICSEARCH_PASSWORD: "Password",
    },
  },
  {
    slug: "minio",
    name: "MinIO",
    category: "storage",
    description: "S3-compatible object storage.",
    running: {
      port: 9000,
      image: "minio/minio:RELEASE.2025-09-07T16-13-09Z",
      imageCommand: ({ port }) => ["server", "--address", `:${port}`, "/data"],
      imageHealth: ({ port }) => curl(`http://127.0.0.1:${port}/minio/health/live`),
      env: { MINIO_ROOT_USER: "app", MINIO_ROOT_PASSWORD: generated },
      volumes: [{ name: "data", path: "/data" }],
      stopSignal: "SIGTERM",
      stopGraceMs: 15_000,
      programs: [],
      connection: {
        S3_ENDPOINT: "http://{container_name}:{internal_port}",
        S3_ACCESS_KEY_ID: "{MINIO_ROOT_USER}",
        S3_SECRET_ACCESS_KEY: "{MINIO_ROOT_PASSWORD}",
        S3_REGION: "us-east-1",
      },
    },
    outputs: { S3_ENDPOINT: "Address", S3_ACCESS_KEY_ID: "Access key", S3_SECRET_ACCESS_KEY: "Secret key", S3_REGION: "Region" },
  },
  {
    slug: "nginx",
    name: "nginx",
    category: "proxy",
    description: "A web server and reverse proxy. Its site is a project file that you and the agent can edit.",
    running: {
      port: 80,
      image: "nginx:1.29-alpine",
      imageCommand: () => nginxArgs("nginx", nginxWork),
      imageHealth: ({ port }) => wget(`http://127.0.0.1:${port}/`),
      env: {},
      volumes: [{ name: "cache", path: nginxWork }],
      files: { "default.conf.template": nginxSite, "html/index.html": nginxPage },
      stopSignal: "SIGTERM",
      stopGraceMs: 5_000,
      programs: ["/usr/sbin/nginx", "/usr/local/sbin/nginx"].map(nginxFrom),
      install: "the package `nginx`",
      connection: { NGINX_URL: "http://{container_name}:{internal_port}", NGINX_HOST: "{container_name}", NGINX_PORT: "{internal_port}" },
    },
    outputs: { NGINX_URL: "Address", NGINX_HOST: "Host name", NGINX_PORT: "Port" },
  },
  {
    slug: "grafana",
    name: "Grafana",
    category: "monitoring",
    description: "Dashboards over metrics and logs.",
    running: {
      port: 3000,
      image: "grafana/grafana:12.2.0",
      imageEnv: ({ port }) => ({ GF_SERVER_HTTP_PORT: String(port) }),
      imageHealth: ({ port }) => wget(`http://127.0.0.1:${port}/api/health`),
      env: { GF_SECURITY_ADMIN_USER: "admin", GF_SECURITY_ADMIN_PASSWORD: generated },
      volumes: [{ name: "data", path: "/var/lib/grafana" }],
      stopSignal: "SIGTERM",
      stopGraceMs: 15_000,
      programs: [],
      connection: {
        GRAFANA_URL: "http://{container_name}:{internal_port}",
        GRAFANA_USER: "{GF_SECURITY_ADMIN_USER}",
        GRAFANA_PASSWORD: "{GF_SECURITY_ADMIN_PASSWORD}",
      },
    },
    outputs: { GRAFANA_URL: "Address", GRAFANA_USER: "User", GRAFANA_PASSWORD: "Password" },
  },
  {
    slug: "prometheus",
    name: "Prometheus",
    category: "monitoring",
    description: "Collects metrics from your containers and answers queries about them.",
    running: {
      port: 9090,
      image: "prom/prometheus:v3.6.0",
      imageCommand: ({ port }) => [
        "--config.file",
        "prometheus.yml",
        "--storage.tsdb.path",
        "/prometheus",
        "--web.listen-address",
        `:${port}`,
      ],
      imageHealth: ({ port }) => wget(`http://127.0.0.1:${port}/-/ready`),
      env: {},
      volumes: [{ name: "data", path: "/prometheus" }],
      files: { "prometheus.yml": prometheusFile },
      stopSignal: "SIGTERM",
      stopGraceMs: 15_000,
      programs: ["/usr/bin/prometheus", "/usr/local/bin/prometheus"].map(prometheusFrom),
      install: "the package `prometheus`",
      connection: { PROMETHEUS_URL: "http://{container_name}:{internal_port}" },
    },
    outputs: { PROMETHEUS_URL: "Address" },
  },
  {
    slug: "n8n",
    name: "n8n",
    category: "automation",
    description: "Workflow automation, as a container or in n8n Cloud.",
    running: {
      port: 5678,
      image: "n8nio/n8n:1.114.0",
      imageEnv: ({ port }) => ({ N8N_PORT: String(port) }),
      imageHealth: ({ port }) => wget(`http://127.0.0.1:${port}/healthz`),
      env: { N8N_ENCRYPTION_KEY: generated },
      volumes: [{ name: "data", path: "/home/node/.n8n" }],
      stopSignal: "SIGTERM",
      stopGraceMs: 15_000,
      programs: [],
      connection: { N8N_URL: "http://{container_name}:{internal_port}" },
    },
    external: {
      fields: [
        { key: "N8N_URL", label: "URL of your n8n", isSecret: false, isRequired: true, isEndpoint: true },
        { key: "N8N_API_KEY", label: "API key", isSecret: true, isRequired: false },
      ],
      connection: { N8N_URL: "{N8N_URL}", N8N_API_KEY: "{N8N_API_KEY}" },
    },
    outputs: { N8N_URL: "Address", N8N_API_KEY: "API key" },
  },
];
