import { Type } from "typebox";
import { flag, group, integer, mebibyte, minute, number, oneOf, text } from "./kinds.ts";

/** `config.runtime` consists of `driver`, `preparation`, `recovery` and `idle`. */
export const driver = group("Project code", {
  driver: oneOf("RUNTIME_DRIVER", ["auto", "sandbox", "docker", "process", "memory"], {
    default: "auto",
    example: "sandbox",
    description: "Where project code runs: auto, sandbox, docker, process (no isolation), memory (tests)",
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
          "Image that runs project code with the docker driver. Default: an empty image with the programs of this host mounted read-only",
      }),
    ),
  }),
});

export const preparation = group("Project code", {
  preparesTemplates: flag("TEMPLATE_PREPARATION", {
    default: "true",
    example: "0",
    description:
      "Install the dependencies of the bundled templates in the background after the start; 0 = when the first project needs them",
  }),
});

export const projectMemory = group("Project code", {
  memoryBytes: integer("PROJECT_MEMORY_MB", {
    minimum: 256,
    unit: "MiB",
    factor: mebibyte,
    default: "2048",
    example: "4096",
    description: "Memory limit of a project: its apps, services, terminals and the agent's commands together",
  }),
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
