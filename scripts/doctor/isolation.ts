/** What isolates projects on a machine, and for each missing part what that costs and the command that adds it. */

export interface DoctorLine {
  mark: "ok" | "!!";
  what: string;
  detail: string;
}

/** The driver's answer, and the facts that decide which command helps. */
export interface IsolationFacts {
  warnings: readonly string[];
  isRoot: boolean;
  /** `pasta` can be run. */
  hasPasta: boolean;
  /** This user may use `/dev/net/tun`. */
  hasTun: boolean;
  /** Control groups of version 2 are mounted. */
  hasCgroups2: boolean;
  /** Options of the container decide, not packages or settings of this machine. */
  isContainerImage: boolean;
}

interface Part {
  what: string;
  works: string;
  /** The driver's warning that it is missing, by its beginning. */
  warning: string;
  /** What follows for projects, and what to do. */
  missing(facts: IsolationFacts): string;
}

const startWithOptions =
  "start the container with the options for full isolation (docs/operations/docker-image.md#how-well-projects-are-isolated)";

const parts: readonly Part[] = [
  {
    what: "user IDs",
    works: "every project has its own",
    warning: "Sandboxes share one user ID",
    missing: ({ isContainerImage }) =>
      `A program that escapes its sandbox has the rights of the server and can read every project. ${isContainerImage ? `For people you do not know, ${startWithOptions}` : "Run the server as root for people you do not know"}`,
  },
  {
    what: "networks",
    works: "every project has its own, behind a packet filter",
    warning: "Sandboxes share the host's network",
    missing: ({ isRoot, hasPasta, hasTun, isContainerImage }) => {
      const remedy = isContainerImage
        ? `To change that, ${startWithOptions}`
        : isRoot
          ? "Run: apt-get install -y iproute2 nftables"
          : !hasPasta
            ? "As root: apt-get install -y passt"
            : !hasTun
              ? "As root: modprobe tun && chmod 666 /dev/net/tun"
              : "As root: apt-get install -y iproute2 nftables";
      return `Project code can use every service of this machine without a password, and apps with a fixed port fail when another project uses it. ${remedy}`;
    },
  },
  {
    what: "limits",
    works: "memory, CPU and processes of every project",
    warning: "Memory, CPU and process limits are not enforced",
    missing: ({ isRoot, hasCgroups2, isContainerImage }) => {
      const remedy = isContainerImage
        ? `To change that, ${startWithOptions}`
        : isRoot
          ? "Mount control groups at /sys/fs/cgroup, writable"
          : hasCgroups2
            ? "Run: ./studio service install --user --start"
            : "Run the server as root";
      return `One project can use all memory, processors and process IDs of this machine, and idle projects are not frozen. ${remedy}`;
    },
  },
];

/** One line for each part, then the driver's other warnings. */
export function isolationLines(facts: IsolationFacts): DoctorLine[] {
  const isAbout = (warning: string) => (part: Part) => warning.startsWith(part.warning);
  return [
    ...parts.map((part): DoctorLine => {
      const warning = facts.warnings.find((each) => isAbout(each)(part));
      if (warning === undefined) return { mark: "ok", what: part.what, detail: part.works };
      return { mark: "!!", what: part.what, detail: `${warning} ${part.missing(facts)}` };
    }),
    ...facts.warnings
      .filter((warning) => !parts.some(isAbout(warning)))
      .map((warning): DoctorLine => ({ mark: "!!", what: "project code", detail: warning })),
  ];
}
