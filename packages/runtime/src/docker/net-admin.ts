import type Docker from "dockerode";
import { RuntimeError } from "../errors.ts";
import { run } from "../run.ts";
import { createFrames } from "./frames.ts";

/** Sets packet filters, on the engine's machine and in the namespaces of containers. */
export interface NetAdmin {
  host(rules: string): Promise<void>;
  container(container: { id: string; pid: number }, rules: string): Promise<void>;
}

/** Where we are root on the engine's machine. */
export const directAdmin: NetAdmin = {
  host: async (rules) => void (await run(["nft", "-f", "-"], { input: rules })),
  container: async ({ pid }, rules) => void (await run(["nsenter", `--net=/proc/${pid}/ns/net`, "nft", "-f", "-"], { input: rules })),
};

interface Options {
  docker: Docker;
  /** An image with nothing in it: `nft` is the one of the engine's machine. */
  image: string;
  labels: Record<string, string>;
}

/** Where we are not: whoever may use the engine may set filters by way of a container, which is there for a moment. */
export function containerAdmin({ docker, image, labels }: Options): NetAdmin {
  async function apply(networkMode: string, rules: string): Promise<void> {
    const container = await docker.createContainer({
      Image: image,
      Cmd: ["/usr/sbin/nft", "-f", "-"],
      User: "0:0",
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
        Binds: ["/usr:/usr:ro"],
      },
    });
    try {
      const stream = await container.attach({ stream: true, stdin: true, stdout: true, stderr: true, hijack: true });
      let said = "";
      stream.on(
        "data",
        createFrames((_, payload) => (said += payload.toString())),
      );
      await container.start();
      stream.end(rules);
      const { StatusCode } = (await container.wait()) as { StatusCode: number };
      if (StatusCode !== 0) throw new RuntimeError("unavailable", said.trim() || `nft ended with exit code ${StatusCode}`);
    } finally {
      await container.remove({ force: true });
    }
  }
  return {
    host: (rules) => apply("host", rules),
    container: ({ id }, rules) => apply(`container:${id}`, rules),
  };
}
