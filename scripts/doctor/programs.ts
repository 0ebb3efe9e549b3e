import type { Config } from "../../apps/server/src/config.ts";

export interface Program {
  name: string;
  command: string;
  args: readonly string[];
  /** What does not work without it. */
  without: string;
  /** What has it, if that is not `name`. */
  packages?: string;
}

/** Where project code runs: on this machine, or in pods or on a runner, which have programs of their own. */
export const runsProjectsHere = (driver: Config["runtime"]["driver"]): boolean => driver !== "kubernetes" && driver !== "remote";

/**
 * The programs that a server with this driver uses. `needsPasta`: for the networks of projects. A pod has the image of the server, so what
 * projects use in pods is looked for too.
 */
export function programsOf(
  driver: Config["runtime"]["driver"],
  { nft, needsPasta }: { nft: string; needsPasta: boolean },
): readonly Program[] {
  const version = ["--version"];
  return [
    { name: "git", command: "git", args: version, without: "commits and imports do not work" },
    ...(driver === "remote" ? [] : [{ name: "ripgrep", command: "rg", args: version, without: "the agent's search is slower" }]),
    ...(runsProjectsHere(driver)
      ? [
          { name: "bubblewrap", command: "bwrap", args: version, without: "no sandbox" },
          { name: "iproute2", command: "ip", args: ["-V"], without: "no private network for projects" },
          { name: "nftables", command: nft, args: version, without: "no private network for projects" },
          ...(needsPasta
            ? [{ name: "passt", command: "pasta", args: version, without: "projects share the network of this machine" }]
            : []),
        ]
      : []),
    ...(driver === "remote"
      ? []
      : [
          {
            name: "python",
            command: "/usr/bin/python3",
            args: version,
            without: "Python templates do not work",
            packages: "python3 python3-venv python3-pip",
          },
        ]),
  ];
}
