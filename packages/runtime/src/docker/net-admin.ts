import type Docker from "dockerode";
import { RuntimeError } from "../errors.ts";
import { run, systemPath } from "../run.ts";
import type { BaseImage } from "./base-image.ts";
import { createFrames } from "./frames.ts";
import type { Mount } from "./mounts.ts";

/** Sets packet filters on the engine's machine and in containers' network namespaces. */
export interface NetAdmin {
  host(rules: string): Promise<void>;
  container(container: { id: string; pid: number }, rules: string): Promise<void>;
  /** Sets the default gateway, or removes it. */
  setGateway(container: { id: string; pid: number }, gateway: string | undefined): Promise<void>;
}

const nft = ["nft", "-f", "-"] as const;
const route = (gateway: string) => ["ip", "route", "replace", "default", "via", gateway] as const;
const noRoute = ["ip", "route", "del", "default"] as const;

/** Used when we are root on the engine's machine. */
export const directAdmin: NetAdmin = {
  host: async (rules) => void (await run(nft, { input: rules })),
  container: async ({ pid }, rules) => void (await run(["nsenter", `--net=/proc/${pid}/ns/net`, ...nft], { input: rules })),
  async setGateway({ pid }, gateway) {
    const command = run(["nsenter", `--net=/proc/${pid}/ns/net`, ...(gateway === undefined ? noRoute : route(gateway))]);
    await (gateway === undefined ? command.catch(ignoreNone) : command);
  },
};

/** There is no route. */
const ignoreNone = (error: unknown) => {
  if (!/No such process/.test(String(error))) throw error;
};

interface Options {
  docker: Docker;
  /** Has `nft` and `ip`, or they are mounted from the engine's machine. */
  base: BaseImage;
  mount: Mount;
  labels: Record<string, string>;
}

/** Used when we are not root: a user of the engine can set filters through a short-lived container. */
export function containerAdmin({ docker, base, mount, labels }: Options): NetAdmin {
  async function apply(networkMode: string, argv: readonly string[], input: string): Promise<void> {
    const container = await docker.createContainer({
      Image: base.id,
      Entrypoint: [],
      Cmd: [...argv],
      User: "0:0",
      Env: [`PATH=${systemPath}`],
      Labels: labels,
      OpenStdin: true,
      StdinOnce: true,
      AttachStdin: true,
      AttachStdout: true,
      AttachStderr: true,
      HostConfig: {
        NetworkMode: networkMode,
        CapDrop: ["ALL"],
        CapAdd: ["NET_ADMIN"],
        SecurityOpt: ["no-new-privileges"],
        ReadonlyRootfs: true,
        Mounts: base.programs === "host" ? [mount({ from: "/usr", to: "/usr", isWritable: false })] : [],
      },
    });
    try {
      const stream = await container.attach({ stream: true, stdin: true, stdout: true, stderr: true, hijack: true });
      let output = "";
      stream.on(
        "data",
        createFrames((_, payload) => (output += payload.toString())),
      );
      await container.start();
      stream.end(input);
      const { StatusCode } = (await container.wait()) as { StatusCode: number };
      if (StatusCode !== 0) throw new RuntimeError("unavailable", output.trim() || `${argv[0]} exited with code ${StatusCode}`);
    } finally {
      await container.remove({ force: true });
    }
  }
  return {
    host: (rules) => apply("host", nft, rules),
    container: ({ id }, rules) => apply(`container:${id}`, nft, rules),
    async setGateway({ id }, gateway) {
      const command = apply(`container:${id}`, gateway === undefined ? noRoute : route(gateway), "");
      await (gateway === undefined ? command.catch(ignoreNone) : command);
    },
  };
}
