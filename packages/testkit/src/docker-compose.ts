import { spawnSync } from "node:child_process";
import { buildGoProgram } from "./go-program.ts";

/** Docker Compose 2.24 or newer: `DOCKER_COMPOSE_PATH`, the plugin, the program of this machine, or `undefined`. */
export function findDockerCompose(): string[] | undefined {
  return [["docker", "compose"], [process.env["DOCKER_COMPOSE_PATH"] ?? "docker-compose"]].find(([file = "", ...args]) => {
    const { stdout } = spawnSync(file, [...args, "version", "--short"], { encoding: "utf8" });
    const [major = 0, minor = 0] = (stdout ?? "").replace(/^v/, "").split(".").map(Number);
    return major > 2 || (major === 2 && minor >= 24);
  });
}

/** As `findDockerCompose`; builds the program if there is none. */
export function getDockerCompose(): string[] | { missing: string } {
  const found = findDockerCompose();
  if (found) return found;
  const built = buildGoProgram("docker-compose", "github.com/docker/compose/v5/cmd", "v5.6.0");
  return "program" in built ? [built.program] : built;
}
