import { Type } from "typebox";
import { flag, group, integer, list, mebibyte, minute, number, oneOf, secret, text } from "./kinds.ts";

/** `config.runtime` consists of `driver`, `runner`, `preparation`, `recovery` and `idle`. */
export const driver = group("Project code", {
  driver: oneOf("RUNTIME_DRIVER", ["auto", "sandbox", "docker", "kubernetes", "process", "memory", "remote"], {
    default: "auto",
    example: "sandbox",
    description:
      "Where project code runs: auto, sandbox, docker, kubernetes (a pod per project), process (no isolation), memory (tests), remote (on the runner at RUNNER_URL)",
  }),
  docker: Type.Object({
    host: Type.Refine(
      text("DOCKER_HOST", {
        default: "unix:///var/run/docker.sock",
        example: "tcp://127.0.0.1:2375",
        description: "Docker Engine for the docker driver; it must run on this host",
      }),
      (value) => /^(unix:\/\/\/|tcp:\/\/|https?:\/\/)\S+$/.test(value),
      () => "unix:///path or tcp://host:port",
    ),
    certPath: Type.Optional(
      text("DOCKER_CERT_PATH", {
        example: "/etc/docker/client",
        description: "Folder with ca.pem, cert.pem and key.pem for a Docker Engine with TLS",
      }),
    ),
    image: Type.Optional(
      text("DOCKER_IMAGE", {
        example: "node:24-bookworm",
        description:
          "Image that runs project code with the docker driver. Default: an empty image with the programs of this host mounted read-only; in a container, its own image",
      }),
    ),
  }),
});

/** What a server needs to use a runner, and a runner to serve. Part of `config.runtime`. */
export const runner = group("Runner", {
  url: Type.Optional(
    Type.Refine(
      text("RUNNER_URL", {
        example: "https://runner.lan:7070",
        description: "Server: address of the runner for RUNTIME_DRIVER=remote",
      }),
      (value) => /^(https?:\/\/[^/]|unix:\/\/\/)/.test(value) && URL.canParse(value),
      () => "https://host:port, http://host:port or unix:///path",
    ),
  ),
  token: Type.Refine(
    secret("RUNNER_TOKEN", {
      example: "at-least-32-random-characters-here-please",
      description: "Server and runner: the secret they share. Whoever has it controls all projects of the runner",
    }),
    (value: string) => Buffer.byteLength(value) >= 32,
    () => "at least 32 bytes long",
  ),
  tokenFile: Type.Optional(
    text("RUNNER_TOKEN_FILE", {
      example: "/etc/tesslate/runner-token",
      description: "Server and runner: file with RUNNER_TOKEN",
    }),
  ),
  tokenHashFile: Type.Optional(
    text("RUNNER_TOKEN_HASH_FILE", {
      example: "/etc/tesslate/runner-token-hash",
      description:
        "Runner: file with the SHA-256 of the token in hexadecimal digits, instead of the token; read again when it changes. Set in pods of RUNTIME_DRIVER=kubernetes",
    }),
  ),
  caFile: Type.Optional(
    text("RUNNER_CA_FILE", {
      example: "/etc/tesslate/runner-ca.pem",
      description:
        "Server: certificate that signed the runner's, if no public authority did. Runner: servers must show a certificate that it signed",
    }),
  ),
  certFile: Type.Optional(
    text("RUNNER_CERT_FILE", {
      example: "/etc/tesslate/runner.pem",
      description: "Runner: its certificate, which turns on TLS. Server: the certificate it shows to a runner that requires one",
    }),
  ),
  keyFile: Type.Optional(
    text("RUNNER_KEY_FILE", {
      example: "/etc/tesslate/runner-key.pem",
      description: "Server and runner: private key of RUNNER_CERT_FILE",
    }),
  ),
  listen: Type.Refine(
    text("RUNNER_LISTEN", {
      default: "127.0.0.1:7070",
      example: "0.0.0.0:7070",
      description: "Runner: address it listens on, or unix:///path for servers on the same machine",
    }),
    (value) => /^unix:\/\/\/./.test(value) || /^(\[[\da-fA-F:]+\]|[^\s:/]+):\d{1,5}$/.test(value),
    () => "host:port or unix:///path",
  ),
});

/** The cluster of `RUNTIME_DRIVER=kubernetes`. Part of `config.runtime`. */
export const kubernetes = group("Kubernetes", {
  kubeconfig: Type.Optional(
    text("KUBECONFIG", {
      example: "/etc/tesslate/kubeconfig",
      description: "Kubeconfig file of the cluster. Default: the service account of the pod that the server runs in",
    }),
  ),
  namespace: Type.Refine(
    text("KUBERNETES_NAMESPACE", {
      default: "tesslate-sandboxes",
      description: "Namespace of the projects' pods, for them alone. It must exist",
    }),
    (value) => /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(value),
    () => "the name of a namespace",
  ),
  image: Type.Optional(
    text("KUBERNETES_IMAGE", {
      example: "images.lan/tesslate-studio:0.2.0",
      description: "Container image of the pods: the image of this product in the version of the server. Required",
    }),
  ),
  imagePullSecret: Type.Optional(
    text("KUBERNETES_IMAGE_PULL_SECRET", { example: "images", description: "Secret in the namespace with which the image is pulled" }),
  ),
  workloads: oneOf("KUBERNETES_WORKLOADS", ["auto", "sandboxes", "pods"], {
    default: "auto",
    example: "sandboxes",
    description:
      "sandboxes = Sandbox objects of kubernetes-sigs/agent-sandbox, whose controller makes the pods; pods = plain pods and claims; auto = sandboxes where the cluster has them",
  }),
  runtimeClass: Type.Optional(
    text("KUBERNETES_RUNTIME_CLASS", { example: "gvisor", description: "RuntimeClass of the pods, such as gvisor or kata" }),
  ),
  storageClass: Type.Optional(
    text("KUBERNETES_STORAGE_CLASS", { example: "fast", description: "StorageClass of the projects' volumes. Default: the cluster's" }),
  ),
  volumeBytes: integer("KUBERNETES_VOLUME_MB", {
    minimum: 256,
    unit: "MiB",
    factor: mebibyte,
    default: "10240",
    example: "20480",
    description: "Size of a project's volume, with its snapshots; larger if the disk limit of its owner's plan is",
  }),
  requestMemoryBytes: integer("KUBERNETES_REQUEST_MEMORY_MB", {
    minimum: 16,
    unit: "MiB",
    factor: mebibyte,
    default: "256",
    example: "512",
    description: "Memory that a pod reserves on its node; its limit is PROJECT_MEMORY_MB",
  }),
  requestCpus: number("KUBERNETES_REQUEST_CPU", {
    default: "0.1",
    example: "0.25",
    description: "Cores that a pod reserves on its node; its limit is PROJECT_CPU",
  }),
  podTemplate: Type.Optional(
    text("KUBERNETES_POD_TEMPLATE", {
      example: '{"nodeSelector":{"pool":"projects"},"tolerations":[{"key":"projects","operator":"Exists"}]}',
      description:
        "JSON: nodeSelector, tolerations, priorityClassName, labels and annotations of the pods, as Kubernetes has them. Other fields are refused",
    }),
  ),
  suspendAfterMs: number("KUBERNETES_SUSPEND_MINUTES", {
    unit: "minutes",
    factor: minute,
    default: "5",
    example: "1",
    description: "Minutes after which a pod without running apps, commands and terminals is suspended; its volume stays",
  }),
  startTimeoutMs: number("KUBERNETES_START_MINUTES", {
    unit: "minutes",
    factor: minute,
    default: "3",
    example: "10",
    description: "Minutes that a pod may take to start, with scaling up nodes and pulling the image",
  }),
  warmPods: integer("KUBERNETES_WARM_PODS", {
    maximum: 100,
    default: "0",
    example: "2",
    description: "Pods that are started ahead for new projects",
  }),
  allowFrom: list("KUBERNETES_ALLOW_FROM", Type.String(), {
    default: "tesslate-studio/app.kubernetes.io/name=tesslate-studio",
    example: "10.20.0.15/32",
    description:
      "Who may connect to the pods: addresses and ranges, or pods as label=value or namespace/label=value, comma-separated. Other connections are refused",
  }),
  outbound: list("KUBERNETES_OUTBOUND_ALLOW", Type.String(), {
    example: "10.20.0.30:5432",
    description: "Private addresses that projects may reach: host, host:port, addresses or ranges, comma-separated",
  }),
});

export const preparation = group("Project code", {
  preparesTemplates: flag("TEMPLATE_PREPARATION", {
    default: "true",
    example: "0",
    description:
      "Install the dependencies of the bundled templates in the background after the start; 0 = when the first project needs them",
  }),
  spareProjects: Type.Optional(
    integer("SPARE_PROJECTS", {
      maximum: 100,
      example: "3",
      description:
        "For how many templates, most used first, a started project is kept for the next person who creates one. Default: one per 8 GiB of memory, at most 4, and none with TEMPLATE_PREPARATION=0",
    }),
  ),
});

export const projectLimits = group("Project code", {
  memoryBytes: integer("PROJECT_MEMORY_MB", {
    minimum: 256,
    unit: "MiB",
    factor: mebibyte,
    default: "2048",
    example: "4096",
    description: "Memory limit of a project: its apps, services, terminals and the agent's commands together",
  }),
  cpus: Type.Refine(
    number("PROJECT_CPU", {
      default: "2",
      example: "1.5",
      description: "Cores that a project may use at once: its apps, services, terminals and the agent's commands together",
    }),
    (value) => value >= 0.1,
    () => "a number, 0.1 or more",
  ),
});

export const newProjects = group("Project code", {
  startWithRepository: flag("PROJECT_GIT", {
    default: "1",
    description: "New projects begin with a Git repository and a first commit; 0 = people initialize one when they want it",
  }),
});

export const recovery = group("Project code", {
  attempts: integer("RESTART_ATTEMPTS", {
    minimum: 0,
    default: "5",
    example: "0",
    description: "How often an exited container is restarted, after 1 s, 2 s, 4 s … up to 60 s; 0 = never",
  }),
  watermarkPercent: integer("MEMORY_WATERMARK_PERCENT", {
    minimum: 0,
    maximum: 100,
    unit: "percent",
    default: "90",
    example: "85",
    description: "Memory use above which idle projects are stopped, longest idle first; 0 = never",
  }),
});

export const idle = group("Project code", {
  idleFreezeMs: number("IDLE_FREEZE_MINUTES", {
    unit: "minutes",
    factor: minute,
    default: "2",
    description: "Idle minutes after which a project is frozen",
  }),
  idleStopMs: number("IDLE_STOP_MINUTES", {
    unit: "minutes",
    factor: minute,
    default: "30",
    description: "Idle minutes after which a project is stopped",
  }),
  orphanGraceMs: number("ORPHANED_STOP_MINUTES", {
    unit: "minutes",
    factor: minute,
    default: "15",
    description: "Minutes that projects keep running after the server has exited and is not restarted; 0 = forever",
  }),
});
